// The playhead of a page that does not play the sound itself: MIA says now and then how far her
// reply was heard (`mia.playhead`), and the page's own clock carries that on in between.

import { RATE } from "../audio.js";

/** @typedef {import("../player.js").Place} Place */

/** Without news for so long (ms) nobody knows any more; they come every 250 ms. */
const STALE_MS = 900;
/** Differences up to this (ms) are the network's jitter, and are made up for slowly. */
const JITTER_MS = 60;

export class Following {
  /** @param {() => number} now milliseconds */
  constructor(now = () => performance.now()) {
    this.now = now;
    this.item = "";
    this.ms = 0;
    this.at = 0;
    this.heard = -Infinity;
    this.playing = false;
  }

  /** @param {any} event mia.playhead */
  take({ item_id, audio_ms, playing }) {
    const now = this.now();
    const expected = this.ms + now - this.at;
    const off = audio_ms - expected;
    const smooth = playing && this.playing && item_id === this.item && Math.abs(off) < JITTER_MS;
    this.ms = smooth ? expected + off * 0.3 : audio_ms;
    this.at = now;
    this.heard = now;
    this.item = item_id;
    this.playing = playing;
  }

  /** The line is cut, or somebody else is heard: nothing is known. */
  forget() {
    this.playing = false;
  }

  /** What is being heard now; null while she is silent. @returns {Place|null} */
  playhead() {
    const now = this.now();
    if (!this.playing || now - this.heard > STALE_MS) return null;
    return { item: this.item, sample: Math.max(0, Math.round(((this.ms + now - this.at) * RATE) / 1000)) };
  }
}
