// The map: every memory a point, near those that mean something alike; the last recalled ones lit.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { day } from "./when.js";

/** @typedef {{id: number, x: number, y: number, kind: string, role: string, at: number, text: string}} Point */

/** How near the pointer must come to a point, in px. */
const REACH = 14;
const MARGIN = 26;

export class MemoryMap {
  /** @param {{choose: (id: number) => void}} options */
  constructor({ choose }) {
    this.choose = choose;
    /** @type {Point[]} */
    this.points = [];
    /** @type {number[]} */
    this.told = [];
    this.chosen = 0;
    /** @type {Set<number>|null} the ones found by a search; null: no search */
    this.found = null;
    /** @type {Point|null} */
    this.over = null;
    this.canvas = h("canvas", { role: "img", "aria-label": t("page.memory.map.label") });
    this.label = h("p.map-label", { hidden: true });
    this.element = h(
      "div.map",
      {},
      this.canvas,
      this.label,
      h(
        "ul.map-key",
        {},
        ...["you", "mia", "fact", "told"].map((name) =>
          h("li", {}, h(`span.map-dot.${name}`), t(`page.memory.map.${name}`)),
        ),
      ),
    );
    this.canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => this.show(null));
    this.canvas.addEventListener("click", (/** @type {PointerEvent} */ event) => {
      this.hover(event);
      if (this.over) this.choose(this.over.id);
    });
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.canvas);
    this.themed = new MutationObserver(() => this.draw());
    this.themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.scheme = matchMedia("(prefers-color-scheme: light)");
    this.redraw = () => this.draw();
    this.scheme.addEventListener("change", this.redraw);
  }

  close() {
    this.resized.disconnect();
    this.themed.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
  }

  /** @param {{points: Point[], told: number[]}} map */
  fill({ points, told }) {
    this.points = points;
    this.told = told;
    this.draw();
  }

  /** @param {Point} point @returns {[number, number]} in px of the canvas's box */
  place({ x, y }) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [
      MARGIN + ((x + 1) / 2) * Math.max(0, width - 2 * MARGIN),
      MARGIN + ((1 - y) / 2) * Math.max(0, height - 2 * MARGIN),
    ];
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let nearest = null;
    let least = REACH;
    for (const point of this.points) {
      const [px, py] = this.place(point);
      const far = Math.hypot(px - x, py - y);
      if (far < least) [nearest, least] = [point, far];
    }
    this.show(nearest);
  }

  /** @param {Point|null} point */
  show(point) {
    if (point === this.over) return;
    this.over = point;
    this.canvas.style.cursor = point ? "pointer" : "";
    this.label.hidden = !point;
    if (point) {
      this.label.replaceChildren(h("span.quiet", {}, day(point.at)), ` ${point.text}`);
      const [x, y] = this.place(point);
      const right = x > this.canvas.clientWidth / 2;
      this.label.style.inset = `${Math.max(8, y - 44)}px ${right ? `${this.canvas.clientWidth - x + 14}px` : "auto"} auto ${right ? "auto" : `${x + 14}px`}`;
    }
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paint.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const colours = { user: colour("--rose"), assistant: colour("--violet"), fact: colour("--mint") };
    const size = this.points.length > 1500 ? 2.2 : this.points.length > 300 ? 3 : 4.5;
    const lit = new Set(this.told);
    this.web(paint, colour("--amber"), lit);
    const order = [...this.points].sort((a, b) => Number(lit.has(a.id)) - Number(lit.has(b.id)));
    for (const point of order) {
      const [x, y] = this.place(point);
      const told = lit.has(point.id);
      const faint = this.found && !this.found.has(point.id) && !told;
      paint.globalAlpha = faint ? 0.16 : told ? 1 : 0.72;
      paint.fillStyle =
        point.kind === "turn" ? colours[point.role === "user" ? "user" : "assistant"] : colours.fact;
      if (told) {
        paint.shadowColor = colour("--amber");
        paint.shadowBlur = 14;
      }
      paint.beginPath();
      paint.arc(x, y, told ? size + 1.5 : size, 0, 2 * Math.PI);
      paint.fill();
      paint.shadowBlur = 0;
      if (told) this.ring(paint, x, y, size + 5, colour("--amber"), 2);
      if (point.id === this.chosen || point === this.over) this.ring(paint, x, y, size + 8, colour("--ink"), 1.5);
    }
    paint.globalAlpha = 1;
  }

  /**
   * The memories told last, joined in their order, so that it is seen that they belong together.
   * @param {CanvasRenderingContext2D} paint @param {string} colour @param {Set<number>} lit
   */
  web(paint, colour, lit) {
    const places = this.points.filter(({ id }) => lit.has(id)).map((point) => this.place(point));
    if (places.length < 2) return;
    paint.globalAlpha = 0.35;
    paint.strokeStyle = colour;
    paint.lineWidth = 1;
    paint.beginPath();
    places.forEach(([x, y], at) => (at ? paint.lineTo(x, y) : paint.moveTo(x, y)));
    paint.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} paint @param {number} x @param {number} y
   * @param {number} radius @param {string} colour @param {number} width
   */
  ring(paint, x, y, radius, colour, width) {
    paint.globalAlpha = 1;
    paint.strokeStyle = colour;
    paint.lineWidth = width;
    paint.beginPath();
    paint.arc(x, y, radius, 0, 2 * Math.PI);
    paint.stroke();
  }
}
