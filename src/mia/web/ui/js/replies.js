// What is known of MIA's replies while they are spoken: their clauses, words and phonemes in time.

import { letterAt } from "./face/mouth.js";

/** @typedef {[number, number, number, number]} Word first character, end, begin and end in ms */
/** @typedef {[string, number, number]} Phoneme */
/** @typedef {[string, number]} Cue an expression and when it begins to show, in ms */
/** @typedef {{sequence: number, text: string, begin_ms: number, end_ms: number, words: Word[], phonemes: Phoneme[], cues: Cue[]}} Segment */

/** Replies remembered; only the newest is ever asked about, the rest may still fade out. */
const MOST = 4;

export class Replies {
  constructor() {
    /** @type {Map<string, Segment[]>} */
    this.segments = new Map();
  }

  /** @param {any} event mia.segment: `end_ms` and `words` replace, `phonemes` are those that are new; `cues` replace where there are any */
  place(event) {
    const known = this.segments.get(event.item_id) ?? [];
    const before = known.find(({ sequence }) => sequence === event.sequence);
    const { sequence, text, begin_ms, end_ms, words } = event;
    const segment = {
      sequence,
      text,
      begin_ms,
      end_ms,
      words,
      phonemes: [...(before?.phonemes ?? []), ...event.phonemes],
      cues: event.cues ?? before?.cues ?? [],
    };
    const others = known.filter((other) => other !== before);
    this.segments.set(
      event.item_id,
      [...others, segment].sort((a, b) => a.sequence - b.sequence),
    );
    if (this.segments.size > MOST) this.segments.delete(/** @type {string} */ (this.segments.keys().next().value));
    return before === undefined;
  }

  /** The clause heard at `ms`, or the last one begun before it. @param {string} item @param {number} ms @returns {Segment|null} */
  segmentAt(item, ms) {
    return this.segments.get(item)?.findLast(({ begin_ms }) => begin_ms <= ms) ?? null;
  }

  /** The newest clause that is there. @param {string} item @returns {Segment|null} */
  newest(item) {
    return this.segments.get(item)?.at(-1) ?? null;
  }

  /**
   * The phoneme at `ms`.
   * @param {string} item @param {number} ms @param {boolean} [byLetters] where the voice tells no phonemes, go by the letters of the words
   * @returns {Phoneme|null}
   */
  phonemeAt(item, ms, byLetters = false) {
    const segment = this.segmentAt(item, ms);
    if (!segment) return null;
    const known = segment.phonemes.find(([, begin, end]) => begin <= ms && ms < end);
    if (known || !byLetters || segment.phonemes.length > 0) return known ?? null;
    const word = segment.words.find(([, , begin, end]) => begin <= ms && ms < end);
    if (!word) return null;
    return letterAt([...segment.text].slice(word[0], word[1]).join(""), word[2], word[3], ms);
  }

  /** Everything a reply says about her face, in time. @param {string} item @returns {Cue[]} */
  cuesOf(item) {
    return (this.segments.get(item) ?? []).flatMap(({ cues }) => cues);
  }
}
