// MIA's own puppet: loads img/puppet.svg and gives its layers their places, frame by frame.

import { Spring, clamp, rest } from "../face/frame.js";
import { Eye } from "./eye.js";
import { faceOf } from "./faces.js";
import { paint } from "./paint.js";
import { VISEMES, browShape, mouthShape, spoken } from "./shapes.js";

/** @typedef {import("../face/frame.js").Frame} Frame */
/** @typedef {import("./shapes.js").Mouth} Mouth */

/** Degrees of the head's turn and nod at which a layer of depth 1 moves by TURN and NOD (SVG units). */
const FULL = { yaw: 20, pitch: 15 };
const TURN = 30;
const NOD = 22;
/** How far shoulders and head rise with a full breath, how much a part of the lips, how much nearer she leans. */
const BREATH = { shoulders: 8, head: 12, lips: 5 };
const LEAN = 0.035;
/** Brows go so far up or down. */
const BROWS = 13;

/**
 * What hangs and follows: stiffness (1/s²) and damping (1/s), degrees for the head's roll and turn,
 * and for how fast it moves. The two sides are not quite alike, so that they do not swing as one.
 * @type {Record<string, {stiffness: number, damping: number, roll: number, yaw: number, speed: number}>}
 */
const SPRINGS = {
  // Behind the head, and turned with it.
  back: { stiffness: 220, damping: 24, roll: -0.75, yaw: 0, speed: 0 },
  drape: { stiffness: 46, damping: 5.5, roll: 0.15, yaw: 1.6, speed: 0.5 },
  left: { stiffness: 88, damping: 6.5, roll: 0.9, yaw: 5, speed: 1 },
  right: { stiffness: 74, damping: 6, roll: 0.9, yaw: 5, speed: 1 },
  bangs: { stiffness: 190, damping: 11, roll: 0.12, yaw: 1.6, speed: 0.25 },
  wisp: { stiffness: 160, damping: 5.5, roll: 1.5, yaw: 11, speed: 2 },
  cord: { stiffness: 60, damping: 3.5, roll: 0.25, yaw: 4, speed: 1.6 },
  cord2: { stiffness: 70, damping: 3.8, roll: 0.25, yaw: 4, speed: 1.6 },
};

/** However she is thrown about: what swings is hair. Units of the head's speed, degrees. */
const FASTEST = 9;
const FARTHEST = 30;
const BENT = 9;

/** Small things that belong to one expression, by the ids of the drawing. */
const MARKS = /** @type {const} */ (["tears", "vein", "sweat", "spark", "startle", "dots", "bloom", "heat", "gloom"]);

/** Drawings by address: she changes at once, also while her server is busy. @type {Map<string, string>} */
const drawings = new Map();

/** @param {string} src */
async function drawing(src) {
  const known = drawings.get(src);
  if (known !== undefined) return known;
  const answer = await fetch(src);
  if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
  const text = await answer.text();
  drawings.set(src, text);
  return text;
}

export class Puppet {
  /**
   * Put the puppet into `container`.
   * @param {Element} container
   * @param {{src?: string, still?: boolean, colours?: import("./paint.js").Colours}} [options] still: hair and cords hang, and do not swing
   */
  static async load(container, { src = "/ui/img/puppet.svg", still = false, colours = {} } = {}) {
    const parsed = new DOMParser().parseFromString(await drawing(src), "image/svg+xml");
    const svg = document.importNode(parsed.documentElement, true);
    svg.setAttribute("aria-hidden", "true");
    container.append(svg);
    const made = new Puppet(/** @type {SVGSVGElement} */ (/** @type {unknown} */ (svg)), still);
    paint(svg, colours);
    return made;
  }

  /** @param {SVGSVGElement} svg @param {boolean} still */
  constructor(svg, still) {
    this.svg = svg;
    this.still = still;
    const part = (/** @type {string} */ id) => /** @type {SVGElement} */ (svg.querySelector(`#${id}`));
    this.head = part("head");
    this.eyes = { left: new Eye(part("eye-left"), "left"), right: new Eye(part("eye-right"), "right") };
    this.brows = [part("brow-left"), part("brow-right")];
    this.blush = part("blush");
    this.ears = [part("ear-left"), part("ear-right")];
    this.marks = MARKS.map((name) => ({ name, element: part(`mark-${name}`), shown: -1 }));
    this.mouthParts = {
      shape: part("mouth-shape"),
      clip: part("mouth-clip-shape"),
      line: part("mouth-line"),
      teeth: part("teeth"),
      tongue: part("tongue"),
      shade: part("lip-shade"),
    };
    this.layers = [...svg.querySelectorAll("[data-depth], [data-spring]")].map((element) => ({
      element,
      depth: Number(element.getAttribute("data-depth") ?? 0),
      own: element.getAttribute("transform") ?? "",
      pivot: (element.getAttribute("data-pivot") ?? "0 0").split(" ").map(Number),
      spring: element.getAttribute("data-spring"),
      bends: Number(element.getAttribute("data-bends") ?? 0),
    }));
    this.springs = Object.entries(SPRINGS).map(([name, { stiffness, damping }]) => ({
      name,
      root: new Spring(stiffness, damping),
      tip: new Spring(stiffness * 0.6, damping * 0.8),
    }));
    /** @type {Record<string, {angle: number, bend: number}>} */
    this.swings = {};
    this.before = { yaw: 0, roll: 0, rise: 0 };
    this.time = 0;
    this.near = "";
    /** @type {Mouth} */
    this.mouth = { ...VISEMES.closed };
    this.show(0, rest());
  }

  dispose() {
    this.svg.remove();
  }

  /**
   * Draw a frame.
   * @param {number} dt seconds since the one before
   * @param {Frame} frame
   */
  show(dt, frame) {
    this.time += dt;
    // The picture's left is her right.
    const yaw = -frame.headYaw / FULL.yaw;
    const pitch = -frame.headPitch / FULL.pitch;
    const roll = -frame.headRoll;
    const { features, mouth } = faceOf(frame.expressions);
    this.swing(dt, yaw, roll, frame.breath, features);

    for (const { element, depth, own, pivot, spring, bends } of this.layers) {
      const x = yaw * depth * TURN;
      const y = pitch * depth * NOD - (depth < 0 ? frame.breath * BREATH.shoulders : 0);
      let moved = depth ? `translate(${x.toFixed(2)} ${y.toFixed(2)})` : "";
      if (spring) {
        const { angle, bend } = this.swings[spring];
        const [px, py] = pivot;
        moved +=
          ` translate(${px} ${py}) rotate(${angle.toFixed(2)}) skewX(${(bend * bends).toFixed(2)})` +
          ` translate(${-px} ${-py})`;
      }
      element.setAttribute("transform", `${moved} ${own}`);
    }
    this.head.setAttribute(
      "transform",
      `translate(${(yaw * 8).toFixed(2)} ${(pitch * 6 - frame.breath * BREATH.head).toFixed(2)}) rotate(${roll.toFixed(2)} 400 600)`,
    );
    this.eyes.left.show(frame.eyeOpenRight, -frame.gazeX, -frame.gazeY, features);
    this.eyes.right.show(frame.eyeOpenLeft, -frame.gazeX, -frame.gazeY, features);
    const raise = frame.brows * BROWS;
    this.brows[0].setAttribute("d", browShape(-1, raise - features.askew, features.tilt));
    this.brows[1].setAttribute("d", browShape(1, raise + features.askew, features.tilt));
    this.blush.setAttribute("opacity", features.blush.toFixed(2));
    const ears = features.ears.toFixed(1);
    this.ears[0].setAttribute("transform", `rotate(${-Number(ears)} 268 176)`);
    this.ears[1].setAttribute("transform", `rotate(${ears} 532 176)`);
    this.showMarks(features);
    // A breath before the first word parts the lips.
    const parted = Math.max(0, frame.breath - 0.4) * (1 - frame.mouthOpen) * BREATH.lips * 1.6;
    const said = spoken(mouth, frame.vowels);
    this.showMouth({ ...said, open: said.open + parted }, features.tongue);
    const near = (1 + features.lean * LEAN).toFixed(3);
    if (near !== this.near) this.svg.style.transform = `scale(${(this.near = near)})`;
  }

  /**
   * Hair, cords and the wisp come after the head.
   * @param {number} dt @param {number} yaw @param {number} roll @param {number} breath @param {import("./faces.js").Features} features
   */
  swing(dt, yaw, roll, breath, features) {
    const rate = dt > 0 ? Math.min(1 / dt, 60) : 0;
    const speed = clamp(((yaw - this.before.yaw) * 12 + (roll - this.before.roll) * 0.5) * rate, -FASTEST, FASTEST);
    const rise = (breath - this.before.rise) * rate;
    this.before = { yaw, roll, rise: breath };
    for (const { name, root, tip } of this.springs) {
      const { roll: hangs, yaw: lags, speed: trails } = SPRINGS[name];
      const moved = this.still ? 0 : lags * yaw + trails * (speed + (name === "wisp" ? rise * 4 : 0));
      const goal = -roll * hangs - moved + (name === "wisp" ? features.wisp : 0);
      const angle = clamp(root.step(goal, dt), -FARTHEST, FARTHEST);
      this.swings[name] = { angle, bend: clamp(tip.step(angle, dt) - angle, -BENT, BENT) };
    }
  }

  /** @param {import("./faces.js").Features} features */
  showMarks(features) {
    for (const mark of this.marks) {
      const shown = Math.round(Math.max(0, features[mark.name]) * 50) / 50;
      if (shown !== mark.shown) {
        mark.shown = shown;
        mark.element.setAttribute("opacity", String(shown));
        mark.element.setAttribute("visibility", shown > 0 ? "visible" : "hidden");
      }
      if (shown <= 0) continue;
      const [px, py] = (mark.element.getAttribute("data-pivot") ?? "400 400").split(" ").map(Number);
      // They pop up, and live a little: a throb, a bob.
      const beat = this.still ? 0 : Math.sin(this.time * (mark.name === "vein" ? 7 : 3.2));
      const size = (0.6 + 0.4 * shown) * (1 + 0.045 * beat);
      mark.element.setAttribute(
        "transform",
        `translate(${px} ${(py - 2 * beat).toFixed(1)}) scale(${size.toFixed(3)}) translate(${-px} ${-py})`,
      );
    }
  }

  /** @param {Mouth} mouth @param {number} out how far the tip of the tongue is out */
  showMouth(mouth, out) {
    this.mouth = mouth;
    const drawn = mouthShape(mouth);
    const { shape, clip, line, teeth, tongue, shade } = this.mouthParts;
    shape.setAttribute("d", drawn.shape);
    clip.setAttribute("d", drawn.shape);
    line.setAttribute("d", drawn.line);
    line.setAttribute("stroke-width", drawn.shape ? "3" : "4.5");
    teeth.setAttribute("d", drawn.teeth);
    tongue.setAttribute("cy", (drawn.tongueY - out * 3).toFixed(1));
    tongue.setAttribute("rx", drawn.tongueRx.toFixed(1));
    shade.setAttribute("transform", `translate(0 ${(mouth.open * 0.75).toFixed(1)})`);
  }
}
