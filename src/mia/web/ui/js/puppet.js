// MIA's face on the page: loads img/puppet.svg and gives its layers their places, frame by frame.

import { Life, Spring } from "./life.js";
import { VISEMES, browShape, eyeShape, mouthShape } from "./puppet-shapes.js";

/** @typedef {import("./puppet-shapes.js").Mouth} Mouth */

const SVG = "http://www.w3.org/2000/svg";
/** How far (SVG units) a layer of depth 1 moves when the head turns all the way. */
const TURN = 30;
const NOD = 22;
/** How far shoulders and head rise with a breath, how much a part of the lips, how much nearer she leans. */
const BREATH = { shoulders: 8, head: 11, lips: 5 };
const LEAN = 0.035;

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

/** One eye: made once, then only its paths and the iris' place change. */
class Eye {
  /** @param {Element} parent @param {"left"|"right"} side */
  constructor(parent, side) {
    this.mirror = side === "left" ? 1 : -1;
    const root = draw("g", { transform: `scale(${this.mirror} 1)` }, parent);
    this.clip = /** @type {Element} */ (parent.ownerDocument.getElementById(`eye-clip-${side}-shape`));
    this.white = draw("path", { fill: "url(#white-fill)" }, root);
    const inside = draw("g", { "clip-path": `url(#eye-clip-${side})` }, root);
    this.iris = draw("g", {}, inside);
    draw("ellipse", { rx: 30, ry: 39, fill: "url(#iris)", stroke: "#083349", "stroke-width": 3.5 }, this.iris);
    draw(
      "path",
      { d: "M-21 12C-14 32 14 32 21 12C16 22 8 25 0 25C-8 25 -16 22 -21 12Z", fill: "#e6fff7", opacity: 0.75 },
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
    this.light = draw("g", { transform: `scale(${this.mirror} 1)` }, inside);
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

  /** @param {import("./life.js").Pose} pose */
  show({ open, happy, gazeX, gazeY }) {
    const shape = eyeShape(open, happy);
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
    this.iris.setAttribute("transform", `translate(${(x * this.mirror).toFixed(2)} ${y.toFixed(2)})`);
    this.light.setAttribute(
      "transform",
      `scale(${this.mirror} 1) translate(${(x * 0.8).toFixed(2)} ${(y * 0.8).toFixed(2)})`,
    );
    const shown = open > 0.1 ? "visible" : "hidden";
    if (this.white.getAttribute("visibility") !== shown) {
      this.white.setAttribute("visibility", shown);
      this.iris.parentElement?.setAttribute("visibility", shown);
    }
  }
}

export class Puppet {
  /**
   * Put the puppet into `container`.
   * @param {Element} container
   * @param {{src?: string, still?: boolean}} [options]
   */
  static async load(container, { src = "/ui/img/puppet.svg", still = false } = {}) {
    const answer = await fetch(src);
    if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
    const parsed = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    const svg = document.importNode(parsed.documentElement, true);
    svg.setAttribute("aria-hidden", "true");
    container.append(svg);
    return new Puppet(/** @type {SVGSVGElement} */ (/** @type {unknown} */ (svg)), still);
  }

  /** @param {SVGSVGElement} svg @param {boolean} still */
  constructor(svg, still) {
    this.svg = svg;
    this.life = new Life({ still });
    const part = (/** @type {string} */ id) => /** @type {SVGElement} */ (svg.querySelector(`#${id}`));
    this.head = part("head");
    this.body = part("body");
    this.eyes = [new Eye(part("eye-left"), "left"), new Eye(part("eye-right"), "right")];
    this.brows = [part("brow-left"), part("brow-right")];
    this.blush = part("blush");
    this.mouthParts = {
      shape: part("mouth-shape"),
      clip: part("mouth-clip-shape"),
      line: part("mouth-line"),
      teeth: part("teeth"),
      tongue: part("tongue"),
      shade: part("lip-shade"),
    };
    this.layers = [...svg.querySelectorAll("[data-depth]")].map((element) => ({
      element,
      depth: Number(element.getAttribute("data-depth")),
      own: element.getAttribute("transform") ?? "",
      pivot: element.getAttribute("data-pivot"),
      swing: Number(element.getAttribute("data-swing") ?? 0),
      follow: Number(element.getAttribute("data-follow") ?? 0),
    }));
    this.hair = new Spring(90, 7);
    this.wisp = new Spring(160, 6);
    this.near = "";
    /** @type {Mouth} */
    this.mouth = { ...VISEMES.closed };
    this.show(0);
  }

  /** @param {import("./life.js").Mood} mood */
  set mood(mood) {
    this.life.mood = mood;
    this.svg.dataset.mood = mood;
  }

  /**
   * Draw the next frame.
   * @param {number} dt seconds since the one before
   * @param {Mouth} [mouth] how the mouth stands now
   * @param {number} [level] how loud she speaks, 0 … 1
   */
  show(dt, mouth = VISEMES.closed, level = 0) {
    this.life.mouthLevel = level;
    const pose = this.life.step(dt);
    const hair = this.hair.step(-pose.roll * 0.9 - pose.yaw * 5, dt);
    const wisp = this.wisp.step(-pose.roll * 1.2 - pose.yaw * 8 + pose.breath * 1.5, dt);

    for (const { element, depth, own, pivot, swing, follow } of this.layers) {
      const x = pose.yaw * depth * TURN;
      const y = pose.pitch * depth * NOD + (depth < 0 ? pose.breath * 1.2 - pose.inhale * BREATH.shoulders : 0);
      const angle = (swing > 1 ? wisp : hair) * swing + pose.roll * follow;
      const turn = pivot ? ` rotate(${angle.toFixed(2)} ${pivot})` : "";
      element.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)})${turn} ${own}`);
    }
    this.head.setAttribute(
      "transform",
      `translate(${(pose.yaw * 8).toFixed(2)} ${(pose.pitch * 6 + pose.breath * 2.2 - pose.inhale * BREATH.head).toFixed(2)}) rotate(${pose.roll.toFixed(2)} 400 600)`,
    );
    for (const eye of this.eyes) eye.show(pose);
    this.brows[0].setAttribute("d", browShape(-1, pose.raise, pose.tilt));
    this.brows[1].setAttribute("d", browShape(1, pose.raise, pose.tilt));
    this.blush.setAttribute("opacity", pose.blush.toFixed(2));
    const parted = pose.inhale * (1 - level) * BREATH.lips;
    this.showMouth({ ...mouth, open: mouth.open + parted, smile: mouth.smile + pose.smile });
    const near = (1 + pose.lean * LEAN).toFixed(3);
    if (near !== this.near) this.svg.style.transform = `scale(${(this.near = near)})`;
  }

  /** @param {Mouth} mouth */
  showMouth(mouth) {
    this.mouth = mouth;
    const drawn = mouthShape(mouth);
    const { shape, clip, line, teeth, tongue, shade } = this.mouthParts;
    shape.setAttribute("d", drawn.shape);
    clip.setAttribute("d", drawn.shape);
    line.setAttribute("d", drawn.line);
    line.setAttribute("stroke-width", drawn.shape ? "3" : "4.5");
    teeth.setAttribute("d", drawn.teeth);
    tongue.setAttribute("cy", drawn.tongueY.toFixed(1));
    tongue.setAttribute("rx", drawn.tongueRx.toFixed(1));
    shade.setAttribute("transform", `translate(0 ${(mouth.open * 0.75).toFixed(1)})`);
  }
}
