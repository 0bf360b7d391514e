// MIA's face: what life, voice and expressions make of it at each moment. Draws nothing; every
// avatar of the page is given the same frame.

import { Life } from "./life.js";
import { MouthMover } from "./mouth.js";

/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {import("./mouth.js").Phoneme} Phoneme */

/** Seconds an expression outlasts the reply it belongs to. */
const LINGERS = 3.5;

export class Face {
  /** @param {{random?: () => number, still?: boolean}} [options] */
  constructor(options = {}) {
    this.life = new Life(options);
    this.mouth = new MouthMover();
    /** The reply that is being heard, and which of its cues shows. */
    this.item = "";
    this.cue = -1;
    /** @type {Frame} */
    this.frame = this.life.step(0);
  }

  /**
   * @param {number} dt seconds since the frame before
   * @param {Float32Array|null} samples the sound about the playhead; null while silent or unheard
   * @param {Phoneme|null} phoneme what is being said, where that is known
   * @returns {Frame}
   */
  step(dt, samples, phoneme) {
    const mouth = this.mouth.step(dt, samples, phoneme);
    this.life.mouthLevel = mouth.level;
    this.frame = {
      ...this.life.step(dt),
      speaking: samples !== null || phoneme !== null,
      mouthOpen: mouth.open,
      mouthForm: mouth.form,
      vowels: { ...mouth.vowels },
      viseme: mouth.viseme,
    };
    return this.frame;
  }

  /**
   * Show what the reply says she feels at this place of it.
   * @param {string} item @param {import("../replies.js").Cue[]} cues of the whole reply so far, in time @param {number} ms
   */
  follow(item, cues, ms) {
    if (item !== this.item) {
      this.item = item;
      this.cue = -1;
      this.life.calm(0);
    }
    const cue = cues.findLastIndex(([, at]) => at <= ms);
    if (cue === this.cue || cue < 0) return;
    this.cue = cue;
    this.life.feel(cues[cue][0]);
  }

  /** The reply is over, and soon so is what she felt with it. */
  settle() {
    if (this.item === "") return;
    this.item = "";
    this.cue = -1;
    this.life.calm(LINGERS);
  }
}
