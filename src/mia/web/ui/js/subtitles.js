// Subtitles: what the user says as it is understood, and MIA's clause with the word being heard.

import { t } from "./i18n.js";

/** @typedef {import("./replies.js").Segment} Segment */

/** How long a line stays when nothing follows it. */
const LINGER_MS = 2600;

export class Subtitles {
  /** @param {HTMLElement} you @param {HTMLElement} mia */
  constructor(you, mia) {
    this.you = you;
    this.mia = mia;
    /** @type {Segment|null} */
    this.segment = null;
    this.item = "";
    /** @type {HTMLSpanElement[]} */
    this.words = [];
    this.marked = -2;
    this.timers = { you: 0, mia: 0 };
  }

  /** What is said, so far or at last; speaker: whose of several people it is, id empty where names are in it. @param {string} text @param {boolean} final @param {{id: string, name: string}} [speaker] */
  hear(text, final, speaker) {
    clearTimeout(this.timers.you);
    this.you.hidden = text === "";
    const named = speaker && (speaker.id ? t("page.subtitle.named", { name: speaker.name, text }) : text);
    this.you.textContent = text && (named ?? t("page.subtitle.you", { text }));
    this.you.classList.toggle("guess", !final);
    if (final && text) this.timers.you = setTimeout(() => (this.you.hidden = true), LINGER_MS * 2);
  }

  /** MIA is heard at `ms` of the clause's reply; `ms` null: without sound, the whole clause at once. @param {string} item @param {Segment} segment @param {number|null} ms */
  say(item, segment, ms) {
    clearTimeout(this.timers.mia);
    this.timers.mia = 0;
    if (
      this.item !== item ||
      this.segment?.sequence !== segment.sequence ||
      this.segment.words.length !== segment.words.length
    )
      this.build(segment);
    this.item = item;
    this.segment = segment;
    this.mia.hidden = false;
    this.you.hidden = true;
    const word =
      ms === null || segment.words.length === 0 ? Infinity : segment.words.findLastIndex(([, , begin]) => begin <= ms);
    if (word === this.marked) return;
    this.marked = word;
    this.words.forEach((span, n) => {
      span.className = n < word ? "" : n === word ? "now" : "ahead";
    });
  }

  /** MIA is silent: the line goes after a while. */
  rest() {
    if (this.mia.hidden || this.timers.mia) return;
    this.timers.mia = setTimeout(() => {
      this.mia.hidden = true;
      this.segment = null;
    }, LINGER_MS);
  }

  /** @param {Segment} segment */
  build({ text, words }) {
    this.marked = -2;
    this.words = [];
    this.mia.replaceChildren();
    // Word places count characters (code points), JavaScript's strings count UTF-16 units.
    const characters = [...text];
    let done = 0;
    for (const [n, [start]] of words.entries()) {
      if (start > done) this.mia.append(characters.slice(done, start).join(""));
      // A word's mark takes its punctuation with it, up to the next word.
      const next = words[n + 1]?.[0] ?? characters.length;
      const piece = characters.slice(start, next).join("");
      const span = document.createElement("span");
      span.textContent = piece.trimEnd();
      span.className = "ahead";
      this.mia.append(span, piece.slice(piece.trimEnd().length));
      this.words.push(span);
      done = next;
    }
    if (done < characters.length) this.mia.append(characters.slice(done).join(""));
  }
}
