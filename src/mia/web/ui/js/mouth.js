// The mouth: from the sound about the playhead how far it opens, from the phonemes (or, without
// them, from the sound's own formants) which vowel it makes.

import { RATE, rms } from "./audio.js";
import { VISEMES, clamp, lerp } from "./puppet-shapes.js";
import { approach } from "./life.js";

/** @typedef {import("./puppet-shapes.js").Mouth} Mouth */
/** @typedef {keyof typeof VISEMES} Viseme */
/** @typedef {[string, number, number]} Phoneme symbol, begin and end in ms of the reply's sound */

/** Lips move a little before the sound they shape: about 40 ms. */
export const LOOK_AHEAD_MS = 40;
/** Samples looked at: 43 ms, a few periods of any voice. */
export const WINDOW = 1024;

/** What the lips do for a sound of speech (IPA); consonants not named keep the vowel half open. @type {[RegExp, Viseme][]} */
const BY_SYMBOL = [
  [/^[pbmɓ]/, "closed"],
  [/^[aäæɑɐʌɒ]/, "a"],
  [/^[eɛəɜɚɝœø]/, "e"],
  [/^[iɪɨjyʝʎ]/, "i"],
  [/^[oɔɤ]/, "o"],
  [/^[uʊɯwʉ]/, "u"],
];

/** Where the vowels' formants lie, and which vowel much energy there speaks for (Hz). @type {[number, Viseme][]} */
const FORMANTS = [
  [330, "u"],
  [440, "u"],
  [520, "o"],
  [620, "o"],
  [780, "a"],
  [900, "a"],
  [1150, "a"],
  [1350, "a"],
  [1750, "e"],
  [1950, "e"],
  [2250, "i"],
  [2500, "i"],
  [2800, "i"],
];

/** Energy of one frequency (Goertzel). @param {Float32Array} samples @param {number} frequency */
function energy(samples, frequency) {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / RATE);
  let before = 0;
  let last = 0;
  for (const sample of samples) [before, last] = [last, sample + turn * last - before];
  return before * before + last * last - turn * before * last;
}

/** The vowel a stretch of sound is most like. @param {Float32Array} samples @returns {Viseme} */
export function vowelOf(samples) {
  /** @type {Partial<Record<Viseme, number>>} */
  const votes = {};
  // A voice falls off by some 6 dB an octave from the first formant on: weigh that back.
  for (const [frequency, vowel] of FORMANTS)
    votes[vowel] = (votes[vowel] ?? 0) + energy(samples, frequency) * (frequency / 500) ** 1.6;
  return /** @type {[Viseme, number][]} */ (Object.entries(votes)).reduce((best, vote) =>
    vote[1] > best[1] ? vote : best,
  )[0];
}

/** @param {string} symbol IPA @returns {Viseme|null} null: nothing the lips shape */
export function visemeOf(symbol) {
  const plain = symbol.replace(/[ˈˌːˑ\u0300-\u036f]/g, "");
  return BY_SYMBOL.find(([pattern]) => pattern.test(plain))?.[1] ?? null;
}

export class MouthMover {
  constructor() {
    this.mouth = { ...VISEMES.closed };
    this.level = 0;
    /** Loudest of late, so that a quiet voice opens its mouth as well. */
    this.peak = 0.08;
    /** @type {Viseme} */
    this.vowel = "a";
    /** How far the mouth went in all, in units of the drawing: a test sees that it moved. */
    this.travelled = 0;
  }

  /**
   * @param {number} dt seconds since the frame before
   * @param {Float32Array|null} samples the sound about the playhead, null while silent
   * @param {Phoneme|null} phoneme what is being said, where that is known
   */
  step(dt, samples, phoneme) {
    const loud = samples ? rms(samples) : 0;
    this.peak = Math.max(0.04, loud, approach(this.peak, loud, dt, 4));
    const wanted = clamp((loud / this.peak - 0.06) * 1.35, 0, 1);
    // Muscles open faster than they close.
    this.level = approach(this.level, wanted, dt, wanted > this.level ? 0.025 : 0.07);
    let shape = VISEMES.closed;
    if (samples && wanted > 0.02) {
      const said = phoneme ? visemeOf(phoneme[0]) : vowelOf(samples);
      if (said !== "closed" && said !== null) this.vowel = said;
      shape = said === "closed" ? VISEMES.closed : VISEMES[this.vowel];
    }
    const opening = phoneme && visemeOf(phoneme[0]) === null ? 0.45 : 1;
    const before = this.mouth.open;
    for (const part of /** @type {(keyof Mouth)[]} */ (Object.keys(this.mouth))) {
      const scale =
        part === "open" || part === "upper" ? lerp(0.25, 1, this.level) * (this.level > 0.03 ? 1 : 0) * opening : 1;
      this.mouth[part] = approach(this.mouth[part], shape[part] * scale, dt, 0.035);
    }
    this.travelled += Math.abs(this.mouth.open - before);
    return this.mouth;
  }
}
