// One of the puppet's eyes: made once, then only its paths and the iris' place change.

import { eyeShape } from "./shapes.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string|number>} attributes
 * @param {Element} parent
 */
function draw(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

export class Eye {
  /** @param {Element} parent @param {"left"|"right"} side of the picture */
  constructor(parent, side) {
    this.mirror = side === "left" ? 1 : -1;
    const root = draw("g", { transform: `scale(${this.mirror} 1)` }, parent);
    this.clip = /** @type {Element} */ (parent.closest("svg")?.querySelector(`#eye-clip-${side}-shape`));
    this.white = draw("path", { fill: "url(#white-fill)" }, root);
    const inside = draw("g", { "clip-path": `url(#eye-clip-${side})` }, root);
    this.iris = draw("g", {}, inside);
    draw("ellipse", { rx: 30, ry: 39, fill: "url(#iris)", stroke: "#083349", "stroke-width": 3.5 }, this.iris);
    draw(
      "path",
      { d: "M-21 12C-14 32 14 32 21 12C16 22 8 25 0 25C-8 25 -16 22 -21 12Z", fill: "#e6fff7", opacity: 0.75 },
      this.iris,
    );
    draw(
      "path",
      {
        d: "M-17 4L-24 9M-19 12L-25 19M17 4L24 9M19 12L25 19M-10 26L-13 33M10 26L13 33M0 28V35",
        stroke: "#d9fff4",
        "stroke-width": 2,
        "stroke-linecap": "round",
        opacity: 0.5,
      },
      this.iris,
    );
    draw("ellipse", { rx: 12, ry: 17, cy: -1, fill: "#04202f" }, this.iris);
    draw(
      "path",
      { d: "M-30 -8C-28 -34 -14 -41 0 -41C14 -41 28 -34 30 -8C18 -20 -18 -20 -30 -8Z", fill: "#031d2e", opacity: 0.6 },
      this.iris,
    );
    this.shade = draw("path", { fill: "#2b1d4a", opacity: 0.28 }, inside);
    // The light stays on the viewer's left in both eyes.
    this.light = draw("g", {}, inside);
    draw("ellipse", { cx: -11, cy: -17, rx: 10, ry: 12, fill: "#fff", transform: "rotate(-18 -11 -17)" }, this.light);
    draw("circle", { cx: 13, cy: 14, r: 5.5, fill: "#fff", opacity: 0.95 }, this.light);
    draw("circle", { cx: 3, cy: 25, r: 2.6, fill: "#fff", opacity: 0.8 }, this.light);
    this.lower = draw("path", { fill: "none", stroke: "#a85a63", "stroke-width": 3, "stroke-linecap": "round" }, root);
    this.lash = draw("path", { fill: "#3a1c3c" }, root);
    this.flick = draw("path", { fill: "#3a1c3c" }, root);
    this.crease = draw(
      "path",
      { fill: "none", stroke: "#bd7672", "stroke-width": 2.5, "stroke-linecap": "round" },
      root,
    );
  }

  /**
   * @param {number} lid how far it is open
   * @param {number} gazeX to the right of the picture @param {number} gazeY down
   * @param {import("./faces.js").Features} features
   */
  show(lid, gazeX, gazeY, features) {
    const open = lid * (1 - features.archShuts);
    const shape = eyeShape(open, features.arch, features.slant, features.squint);
    this.white.setAttribute("d", shape.white);
    this.clip.setAttribute("d", shape.white);
    this.lash.setAttribute("d", shape.lash);
    this.flick.setAttribute("d", shape.flick);
    this.crease.setAttribute("d", shape.crease);
    this.lower.setAttribute("d", shape.lower);
    this.lower.setAttribute("opacity", String(Math.min(1, open * 1.5)));
    this.shade.setAttribute("d", shape.lash);
    this.shade.setAttribute("transform", "translate(0 9)");
    const x = gazeX * 10;
    const y = 1 + gazeY * 8;
    const place = (/** @type {number} */ part) =>
      `translate(${(x * part * this.mirror).toFixed(2)} ${(y * part).toFixed(2)})`;
    this.iris.setAttribute("transform", `${place(1)} scale(${features.iris.toFixed(3)})`);
    const light = features.light * Math.sqrt(features.iris);
    this.light.setAttribute(
      "transform",
      `${place(0.8)} scale(${(this.mirror * light).toFixed(3)} ${light.toFixed(3)})`,
    );
    const shown = open > 0.1 ? "visible" : "hidden";
    if (this.white.getAttribute("visibility") !== shown) {
      this.white.setAttribute("visibility", shown);
      this.iris.parentElement?.setAttribute("visibility", shown);
    }
  }
}
