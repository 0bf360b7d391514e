// The puppet's geometry: what an eye, a brow and a mouth look like for given numbers.
// Pure functions, numbers in, SVG path strings out; units are those of img/puppet.svg.

import { VOWELS, clamp, lerp } from "../face/frame.js";

/** @typedef {[number, number]} Point */
/** @typedef {[Point, Point, Point, Point]} Cubic */

/**
 * How a mouth stands. `width` is half the distance between the corners, `open` the drop of the
 * lower lip, `upper` the rise of the upper lip, `round` 0 (spread) … 1 (pursed), `smile` the lift
 * of the corners, `skew` how much higher the left one is than the right, `wave` 0 … 1 how much
 * closed lips are a wavy line, `grit` 0 … 1 how far the teeth are together.
 * @typedef {{width: number, open: number, upper: number, round: number, smile: number, skew: number, wave: number, grit: number}} Mouth
 */

/** @type {Record<"a"|"e"|"i"|"o"|"u"|"closed", Mouth>} */
export const VISEMES = {
  closed: { width: 25, open: 0, upper: 0, round: 0, smile: 7, skew: 0, wave: 0, grit: 0 },
  a: { width: 29, open: 37, upper: 7, round: 0.45, smile: 5, skew: 0, wave: 0, grit: 0 },
  e: { width: 31, open: 22, upper: 5, round: 0.15, smile: 6, skew: 0, wave: 0, grit: 0 },
  i: { width: 33, open: 13, upper: 3, round: 0, smile: 7, skew: 0, wave: 0, grit: 0 },
  o: { width: 20, open: 29, upper: 11, round: 1, smile: 0, skew: 0, wave: 0, grit: 0 },
  u: { width: 14, open: 16, upper: 8, round: 1, smile: 0, skew: 0, wave: 0, grit: 0 },
};

/** @type {Cubic} */
const LID_OPEN = [
  [-45, 8],
  [-42, -54],
  [24, -62],
  [40, 4],
];
/** @type {Cubic} */
const LID_CLOSED = [
  [-47, 17],
  [-26, 38],
  [20, 40],
  [40, 20],
];
/** @type {Cubic} */
const LID_HAPPY = [
  [-46, 27],
  [-30, -16],
  [20, -20],
  [40, 25],
];
/** @type {Cubic} */
const LOWER_OPEN = [
  [-36, 25],
  [-26, 46],
  [20, 46],
  [35, 22],
];
/** @type {Cubic} */
const LOWER_CLOSED = [
  [-43, 24],
  [-26, 40],
  [20, 41],
  [38, 22],
];

/**
 * @param {Cubic} a
 * @param {Cubic} b
 * @param {number} t
 * @returns {Cubic}
 */
const mix = (a, b, t) => /** @type {Cubic} */ (a.map(([x, y], n) => [lerp(x, b[n][0], t), lerp(y, b[n][1], t)]));

/** @param {Point} point @param {number} [dx] @param {number} [dy] */
const at = ([x, y], dx = 0, dy = 0) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;

/** The upper lid with its inner end lowered (stern, positive) or its outer one (sad). @param {Cubic} lid @param {number} slant @returns {Cubic} */
function slanted([[x0, y0], [x1, y1], [x2, y2], [x3, y3]], slant) {
  const stern = Math.max(0, slant);
  const sad = Math.max(0, -slant);
  return [
    [x0, y0 + 5 * sad - 4 * stern],
    [x1, y1 + 26 * sad + 6 * stern],
    [x2 + 4 * stern, y2 - 2 * sad + 36 * stern],
    [x3, y3 - 4 * sad + 3 * stern],
  ];
}

/**
 * The parts of one eye about its own centre, outer corner at the left.
 * @param {number} open 0 shut … 1 open (a little more when surprised)
 * @param {number} happy 0 … 1: how much a shut eye is an arch
 * @param {number} [slant] -1 sad … 1 stern
 * @param {number} [squint] 0 … 1: the lower lid pushed up
 * @returns {{white: string, lash: string, flick: string, crease: string, lower: string}}
 */
export function eyeShape(open, happy, slant = 0, squint = 0) {
  const shut = mix(LID_CLOSED, LID_HAPPY, happy);
  const lid = slanted(mix(shut, LID_OPEN, open), slant * clamp(open, 0, 1));
  const low = mix(mix(LOWER_CLOSED, LID_HAPPY, happy), LOWER_OPEN, clamp(open * 1.4, 0, 1));
  low[1][1] -= 16 * squint * clamp(open, 0, 1);
  low[2][1] -= 16 * squint * clamp(open, 0, 1);
  const [p0, p1, p2, p3] = lid;
  const [q0, q1, q2, q3] = low;
  const thick = lerp(0.72, 1, open);
  const white = `M${at(p0)}C${at(p1)} ${at(p2)} ${at(p3)}L${at(q3)}C${at(q2)} ${at(q1)} ${at(q0)}Z`;
  const lash =
    `M${at(p0, -11, -4)}C${at(p1, -5, -13 * thick)} ${at(p2, 1, -13 * thick)} ${at(p3, 5, 1)}` +
    `L${at(p3, 0, 3)}C${at(p2)} ${at(p1, 3, 2)} ${at(p0, 1, 5)}Z`;
  const droop = lerp(-6, 0, open) * (1 - 2 * happy);
  const flick =
    `M${at(p0, -2, -8)}C${at(p0, -10, -9)} ${at(p0, -15, -14 - droop)} ${at(p0, -18, -20 - droop)}` +
    `C${at(p0, -17, -8)} ${at(p0, -10, 2)} ${at(p0, 0, 5)}Z`;
  const crease = `M${at(p0, 8, -24)}C${at(p1, 10, -17)} ${at(p2, -2, -17)} ${at(p3, -6, -16)}`;
  const lower = `M${at(q0, 6, 5)}C${at(q1, 6, 2)} ${at(q2, 0, 1)} ${at(q3, -4, 3)}`;
  return { white, lash, flick, crease, lower };
}

/**
 * @param {number} side -1 for the left brow, 1 for the right one
 * @param {number} raise up (positive) or down
 * @param {number} tilt inner end up (worried, positive) or down (stern)
 */
export function browShape(side, raise, tilt) {
  const y = 352 - raise;
  const inner = 400 + side * 50;
  const outer = 400 + side * 112;
  const bend = 400 + side * 84;
  return `M${inner} ${y - tilt}Q${bend} ${y - 13 - tilt * 0.2} ${outer} ${y + 3 + tilt * 0.7}`;
}

/**
 * A face's mouth with the vowels it speaks in it.
 * @param {Mouth} face how it stands when she is silent
 * @param {import("../face/frame.js").Vowels} vowels
 * @returns {Mouth}
 */
export function spoken(face, vowels) {
  const all = VOWELS.reduce((sum, vowel) => sum + vowels[vowel], 0);
  if (all < 0.001) return face;
  // Lips take a vowel's outline long before the jaw is all the way down.
  const outline = Math.min(1, all * 2.2);
  const mouth = { ...face };
  for (const part of /** @type {(keyof Mouth)[]} */ (Object.keys(face))) {
    const said = VOWELS.reduce((sum, vowel) => sum + vowels[vowel] * VISEMES[vowel][part], 0);
    if (part === "open" || part === "upper") mouth[part] = face[part] * (1 - outline) + said;
    else mouth[part] = lerp(face[part], said / all, outline);
  }
  // What she feels stays at the corners while she speaks.
  mouth.smile += (face.smile - VISEMES.closed.smile) * 0.5 * outline;
  mouth.skew += face.skew * 0.5 * outline;
  return mouth;
}

/**
 * The mouth about (400, 518).
 * @param {Mouth} mouth
 * @returns {{shape: string, line: string, teeth: string, tongueY: number, tongueRx: number}}
 */
export function mouthShape({ width, open, upper, round, smile, skew, wave, grit }) {
  const cx = 400;
  const cy = 520;
  const corner = cy - smile * (1 - round * 0.6);
  const left = cx - width;
  const right = cx + width;
  const leftY = corner - skew;
  const rightY = corner + skew;
  // Where a corner's handles point: straight along the lips when spread, up and down when pursed.
  const handle = lerp(0.45, 0.98, round) * width;
  const top = cy + 1 - upper + (1 - round) * 1.5;
  const bottom = cy + 2 + open;
  // A cubic touches three quarters of its handles' height.
  const topHandle = corner + (top - corner) / 0.75;
  const bottomHandle = corner + (bottom - corner) / 0.75;
  const f = (/** @type {number} */ n) => n.toFixed(1);
  const over = `M${f(left)} ${f(leftY)}C${f(cx - handle)} ${f(topHandle - skew)} ${f(cx + handle)} ${f(topHandle + skew)} ${f(right)} ${f(rightY)}`;
  const under = `C${f(cx + handle)} ${f(bottomHandle + skew)} ${f(cx - handle)} ${f(bottomHandle - skew)} ${f(left)} ${f(leftY)}`;
  const bite = lerp(clamp(open * 0.28, 0, 8) * (1 - round * 0.75), open + upper, grit);
  const teeth =
    bite > 0.6
      ? `${over}L${f(right)} ${f(top + bite + skew)}Q${cx} ${f(top + bite + 3)} ${f(left)} ${f(top + bite - skew)}Z`
      : "";
  const half = width / 2;
  const crest = 10 * wave;
  const wavy =
    `M${f(left)} ${f(cy)}Q${f(left + half / 2)} ${f(cy - crest)} ${f(left + half)} ${f(cy)}` +
    `T${f(cx)} ${f(cy)}T${f(cx + half)} ${f(cy)}T${f(right)} ${f(cy)}`;
  return {
    shape: open > 0.8 ? `${over}${under}Z` : "",
    line: open > 0.8 ? `${over}${under}Z` : wave > 0.2 ? wavy : over,
    teeth,
    tongueY: bottom + 2 - open * 0.12,
    tongueRx: width * 0.72,
  };
}
