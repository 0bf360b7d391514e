// What the puppet's face does for each expression and mood, beyond what the frame itself says of
// lids, gaze, head and brows. In the drawing's units.

import { VISEMES } from "./shapes.js";

const NEUTRAL = {
  /** Shut eyes are arches, and how far they are shut for it. */
  arch: 0,
  archShuts: 0,
  /** Upper lids: -1 sad … 1 stern. Lower lids pushed up: 0 … 1. */
  slant: 0,
  squint: 0,
  /** Inner ends of the brows up (worried, positive) or down (stern), and one brow higher than the other. */
  tilt: 0,
  askew: 0,
  blush: 0.5,
  /** Towards the viewer. */
  lean: 0,
  /** Size of iris and of the light in it. */
  iris: 1,
  light: 1,
  /** Degrees: the headset's ears outwards, the wisp of hair up. */
  ears: 0,
  wisp: 0,
  /** Small things drawn for one expression: how much they show. */
  tears: 0,
  vein: 0,
  sweat: 0,
  spark: 0,
  startle: 0,
  dots: 0,
  bloom: 0,
  heat: 0,
  gloom: 0,
  tongue: 0,
};

/** @typedef {typeof NEUTRAL} Features */
/** @typedef {import("./shapes.js").Mouth} Mouth */

/** @type {Record<string, {features: Partial<Features>, mouth: Partial<Mouth>}>} */
export const FACES = {
  joy: {
    features: { arch: 1, archShuts: 1, tilt: 1, blush: 1, lean: 0.5, ears: -5, wisp: -8, bloom: 1 },
    mouth: { width: 32, open: 29, upper: -2, round: 0.6, smile: 15 },
  },
  sad: {
    features: {
      slant: -0.85,
      tilt: 15,
      blush: 0.35,
      light: 1.16,
      iris: 1.04,
      ears: 15,
      wisp: 24,
      tears: 1,
      gloom: 0.35,
    },
    mouth: { width: 19, smile: -7, wave: 0 },
  },
  angry: {
    features: {
      slant: 1.05,
      squint: 0.9,
      tilt: -17,
      blush: 0.2,
      lean: 0.8,
      iris: 0.88,
      ears: 14,
      wisp: -5,
      vein: 1,
      gloom: 0.8,
    },
    mouth: { width: 24, open: 8, upper: 8, round: 0.1, smile: -7, grit: 1 },
  },
  surprised: {
    features: { tilt: 3, blush: 0.4, iris: 0.8, ears: -9, wisp: -20, startle: 1 },
    mouth: { width: 12, open: 17, upper: 8, round: 1, smile: 0 },
  },
  thinking: {
    features: { tilt: 3, askew: 8, blush: 0.35, ears: 3, dots: 1 },
    mouth: { width: 14, smile: -1, skew: 3 },
  },
  shy: {
    features: { slant: -0.3, tilt: 11, blush: 1.3, light: 1.1, ears: 10, wisp: 10, sweat: 1, heat: 1 },
    mouth: { width: 21, smile: 1, wave: 1 },
  },
  wink: {
    features: { arch: 1, tilt: 1, blush: 0.9, lean: 0.4, ears: -5, wisp: -6, spark: 1, tongue: 1 },
    mouth: { width: 27, open: 13, upper: -2, round: 0, smile: 13, skew: -2 },
  },
  listening: { features: { tilt: 2, blush: 0.6, lean: 1, ears: -4 }, mouth: { smile: 9 } },
  attentive: { features: { blush: 0.6, lean: 0.6, ears: -4 }, mouth: { smile: 11 } },
  speaking: { features: { blush: 0.55 }, mouth: { smile: 9 } },
  muted: { features: { tilt: 3, blush: 0.3, ears: 7 }, mouth: { smile: 5 } },
  resting: { features: { blush: 0.4, ears: 6 }, mouth: { smile: 9 } },
};

/** @param {Record<string, number>} weights of the frame's expressions @returns {{features: Features, mouth: Mouth}} */
export function faceOf(weights) {
  const features = { ...NEUTRAL };
  const mouth = { ...VISEMES.closed };
  for (const [name, weight] of Object.entries(weights)) {
    const face = FACES[name];
    if (!face) continue;
    for (const [key, value] of /** @type {[keyof Features, number][]} */ (Object.entries(face.features)))
      features[key] += weight * (value - NEUTRAL[key]);
    for (const [key, value] of /** @type {[keyof Mouth, number][]} */ (Object.entries(face.mouth)))
      mouth[key] += weight * (value - VISEMES.closed[key]);
  }
  return { features, mouth };
}
