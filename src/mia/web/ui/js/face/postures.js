// How she holds head, eyes and brows: at each expression a persona can have, and in each state of
// a conversation. In the units of `frame.js`.

/** @typedef {"neutral"|"listening"|"attentive"|"thinking"|"speaking"|"muted"|"resting"} Mood */

/**
 * What the language model may ask for, with the names others use for the same.
 * @type {Record<string, string[]>}
 */
export const EXPRESSIONS = {
  joy: ["happy", "fun", "smile", "alegría", "alegria"],
  sad: ["sorrow", "tristeza"],
  angry: ["anger", "enfado"],
  surprised: ["surprise", "sorpresa"],
  thinking: ["think", "pensativa"],
  shy: ["blush", "embarrassed", "vergüenza"],
  wink: ["guiño"],
};

/** The expression called `name`; null: neutral, or one she has not. @param {string} name @returns {string|null} */
export function expressionOf(name) {
  const plain = name.toLowerCase();
  if (plain in EXPRESSIONS) return plain;
  return Object.keys(EXPRESSIONS).find((known) => EXPRESSIONS[known].includes(plain)) ?? null;
}

/**
 * `open`: eyelids. `left`, `right`: how far each of her eyes is shut on purpose.
 * `toViewer`: share of time spent looking at the viewer; people look more while they listen
 * (about 75 %) than while they speak (about 40 %; Argyle and Cook, 1976), and a character on a
 * stream more than both. `blinks`: a minute; about 17 at rest and 26 in conversation
 * (Bentivoglio and others, 1997).
 */
const NEUTRAL = {
  yaw: 0,
  pitch: 0,
  roll: 0,
  open: 1,
  left: 0,
  right: 0,
  gazeX: 0,
  gazeY: 0,
  brows: 0,
  toViewer: 0.7,
  blinks: 17,
};

/** @typedef {typeof NEUTRAL} Posture */

/** @param {Partial<Posture>} differs @returns {Posture} */
const posture = (differs) => ({ ...NEUTRAL, ...differs });

/** @type {Record<string, Posture>} */
export const POSTURES = {
  neutral: NEUTRAL,
  joy: posture({ roll: -4, pitch: 2, brows: 0.6, toViewer: 1, blinks: 6 }),
  sad: posture({ roll: 4, pitch: -6, open: 0.86, gazeY: -0.45, brows: 0.25, toViewer: 0.45, blinks: 14 }),
  angry: posture({ yaw: 3, pitch: -3, roll: -2, open: 0.9, brows: -0.9, toViewer: 1, blinks: 8 }),
  surprised: posture({ pitch: 4, open: 1.14, brows: 1, toViewer: 1, blinks: 3 }),
  thinking: posture({
    yaw: 6,
    pitch: 3,
    roll: 5,
    open: 0.92,
    gazeX: 0.6,
    gazeY: 0.62,
    brows: 0.35,
    toViewer: 0.1,
    blinks: 20,
  }),
  shy: posture({
    yaw: -6,
    pitch: -4,
    roll: -6,
    open: 0.82,
    gazeX: -0.55,
    gazeY: -0.4,
    brows: 0.3,
    toViewer: 0.25,
    blinks: 26,
  }),
  wink: posture({ roll: -8, yaw: -3, pitch: 1.5, left: 1, brows: 0.45, toViewer: 1, blinks: 0 }),

  listening: posture({ roll: -6, yaw: -4, pitch: -1.2, open: 1.06, brows: 0.6, toViewer: 0.92, blinks: 12 }),
  // Between the user's last word and her first: she has understood and is about to speak.
  attentive: posture({ roll: -1, pitch: 1, open: 1.08, brows: 0.7, toViewer: 1, blinks: 4 }),
  speaking: posture({ brows: 0.22, toViewer: 0.75, blinks: 24 }),
  muted: posture({ roll: 2, pitch: -1.5, open: 0.86, gazeY: -0.1, brows: -0.15, toViewer: 0.6 }),
  // Paused: eyes shut, at peace, until she is wanted again.
  resting: posture({ roll: -3, pitch: -3.3, open: 0, brows: 0.08, toViewer: 1, blinks: 0 }),
};

/** The mean of postures by weight; what is left of 1 is neutral. @param {Record<string, number>} weights @returns {Posture} */
export function blend(weights) {
  const mean = { ...NEUTRAL };
  for (const [name, weight] of Object.entries(weights)) {
    const one = POSTURES[name];
    if (!one) continue;
    for (const key of /** @type {(keyof Posture)[]} */ (Object.keys(mean)))
      mean[key] += weight * (one[key] - NEUTRAL[key]);
  }
  return mean;
}
