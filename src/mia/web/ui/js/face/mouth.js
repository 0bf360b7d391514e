// The mouth: from the sound about the playhead how far it opens, from the phonemes (or, without
// them, from the sound's own formants) which vowel it makes. Where there is no sound, as in an
// overlay that only looks on, phonemes or the letters of the words do for both.

import { RATE, rms } from "../audio.js";
import { VOWELS, approach, clamp, lerp } from "./frame.js";

/** @typedef {import("./frame.js").Vowel} Vowel */
/** @typedef {Vowel|"closed"} Viseme */
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

/** Oculus' name for a shape, and how far jaw (0 … 1) and corners (-1 … 1) go for it. @type {Record<Viseme, {viseme: string, jaw: number, form: number}>} */
const SHAPES = {
  closed: { viseme: "PP", jaw: 0, form: 0 },
  a: { viseme: "aa", jaw: 1, form: 0.1 },
  e: { viseme: "E", jaw: 0.62, form: 0.5 },
  i: { viseme: "ih", jaw: 0.38, form: 0.9 },
  o: { viseme: "oh", jaw: 0.78, form: -0.6 },
  u: { viseme: "ou", jaw: 0.42, form: -1 },
};
/** How far the mouth opens where only the time of a sound is known, and how much of that at a consonant. */
const UNHEARD = 0.8;
const CONSONANT = 0.45;

/**
 * What is said at `ms` of a word, by its letters; Spanish is written nearly as it is spoken, and
 * in English the lips still move at the right moments.
 * @param {string} word @param {number} begin @param {number} end @param {number} ms
 * @returns {Phoneme|null}
 */
export function letterAt(word, begin, end, ms) {
  const letters = [
    ...word
      .toLowerCase()
      .normalize("NFD")
      .replace(/[^a-zñ]/g, ""),
  ];
  if (letters.length === 0 || ms < begin || ms >= end) return null;
  // Vowels last about twice as long as consonants.
  const lengths = letters.map((letter) => (/[aeiouy]/.test(letter) ? 2 : 1));
  const unit = (end - begin) / lengths.reduce((all, one) => all + one, 0);
  let at = begin;
  for (const [n, letter] of letters.entries()) {
    const next = at + lengths[n] * unit;
    if (ms < next) return [letter === "v" ? "b" : letter, at, next];
    at = next;
  }
  return null;
}

export class MouthMover {
  constructor() {
    this.open = 0;
    this.form = 0;
    this.vowels = { a: 0, e: 0, i: 0, o: 0, u: 0 };
    this.viseme = "sil";
    this.level = 0;
    /** Loudest of late, so that a quiet voice opens its mouth as well. */
    this.peak = 0.08;
    /** @type {Vowel} */
    this.vowel = "a";
    /** How far the mouth went in all: a test sees that it moved. */
    this.travelled = 0;
  }

  /**
   * @param {number} dt seconds since the frame before
   * @param {Float32Array|null} samples the sound about the playhead, null while silent or unheard
   * @param {Phoneme|null} phoneme what is being said, where that is known
   */
  step(dt, samples, phoneme) {
    const said = phoneme ? visemeOf(phoneme[0]) : null;
    const wanted = samples ? this.loudness(dt, samples) : phoneme ? UNHEARD : 0;
    // Muscles open faster than they close.
    this.level = approach(this.level, wanted, dt, wanted > this.level ? 0.025 : 0.07);
    /** @type {Viseme} */
    let shape = "closed";
    if (wanted > 0.02) {
      const heard = phoneme || !samples ? said : vowelOf(samples);
      if (heard !== "closed" && heard !== null) this.vowel = heard;
      shape = heard === "closed" ? "closed" : this.vowel;
    }
    const consonant = phoneme && said === null ? CONSONANT : 1;
    const amount = this.level > 0.03 && shape !== "closed" ? lerp(0.25, 1, this.level) * consonant : 0;
    // Lips that meet do so at once; everything else glides.
    const glide = shape === "closed" && said === "closed" ? 0.018 : 0.035;
    for (const vowel of VOWELS)
      this.vowels[vowel] = approach(this.vowels[vowel], vowel === shape ? amount : 0, dt, glide);
    const before = this.open;
    this.open = approach(this.open, SHAPES[shape].jaw * amount, dt, glide);
    this.form = approach(this.form, SHAPES[shape].form * amount, dt, 0.045);
    this.viseme = wanted > 0.02 ? SHAPES[shape].viseme : "sil";
    this.travelled += Math.abs(this.open - before);
    return this;
  }

  /** 0 … 1. @param {number} dt @param {Float32Array} samples */
  loudness(dt, samples) {
    const loud = rms(samples);
    this.peak = Math.max(0.04, loud, approach(this.peak, loud, dt, 4));
    return clamp((loud / this.peak - 0.06) * 1.35, 0, 1);
  }
}
