// What each event of the server means for the page (docs/protocol.md).

import { decode } from "./audio.js";
import { milliseconds } from "./player.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Message} Message */
/** @typedef {import("./realtime.js").Message} Event */

/** Errors the user need not read: the sound had just ended by itself, or the banner says it already. */
const QUIET = new Set(["response_cancel_not_active", "item_not_found", "not_ready"]);
const TRUNCATE = "page-truncate";
/** Replies of which is kept what came to mind. */
const MOST_REMEMBERED = 200;

/** The text of an item's content, null while it is not known. @param {any} item @returns {string|null} */
function textOf(item) {
  const texts = (item.content ?? []).map((/** @type {any} */ part) => part.text ?? part.transcript ?? null);
  return texts.some((/** @type {any} */ text) => text === null) || texts.length === 0 ? null : texts.join("");
}

export class Protocol {
  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {import("./realtime.js").Realtime} parts.realtime
   * @param {import("./player.js").Player} parts.player
   * @param {import("./replies.js").Replies} parts.replies
   * @param {import("./face/following.js").Following} parts.following
   * @param {import("./subtitles.js").Subtitles} parts.subtitles
   * @param {boolean} [parts.listens] plays the sound though it only looks on
   * @param {(level: string, text: string) => void} parts.toast
   */
  constructor({ store, realtime, player, replies, following, subtitles, listens = false, toast }) {
    this.store = store;
    this.realtime = realtime;
    this.player = player;
    this.replies = replies;
    this.following = following;
    this.listens = listens;
    this.subtitles = subtitles;
    this.toast = toast;
    /** The reply whose sound is still coming. */
    this.reply = "";
    /** A reply stopped here, whose sound may still be on its way. */
    this.stopped = "";
    /** Where the newest reply was when it was silenced. @type {Promise<import("./player.js").Place|null>|null} */
    this.silencedAt = null;
    /** @type {Record<string, (event: Event) => void>} */
    this.handlers = {
      "mia.state": (event) => {
        store.set({ call: event.call ?? "" });
        this.state(event);
      },
      "mia.history": ({ items }) =>
        store.set({ messages: items.map((/** @type {any} */ item) => ({ ...item, speaker: item.speaker?.name })) }),
      "mia.partial": ({ turn_id, text, speaker }) => this.hearing(turn_id, text, false, speaker),
      "mia.segment": (event) => this.segment(event),
      "mia.playhead": (event) => following.take(event),
      "mia.duck": ({ gain, ramp_ms }) => player.duck(gain, ramp_ms),
      "mia.memories": (event) => this.remembered(event),
      "mia.turn": ({ stages, v2v_ms }) => store.set({ timing: { stages, v2v_ms } }),
      "mia.notice": ({ level, text }) => toast(level, text[store.state.shown]),
      error: (event) => this.error(event),
      "input_audio_buffer.speech_started": () => this.interrupted(),
      "input_audio_buffer.cleared": () => this.hearing("", "", true),
      "output_audio_buffer.cleared": () => this.cleared(),
      "conversation.item.added": ({ item }) => this.item(item),
      "conversation.item.done": ({ item }) => this.item(item, true),
      "conversation.item.deleted": ({ item_id }) =>
        store.set({ messages: store.state.messages.filter(({ id }) => id !== item_id) }),
      "conversation.item.input_audio_transcription.completed": ({ item_id, transcript, speaker }) => {
        this.hearing(item_id, transcript, true, speaker);
        this.update(item_id, () => transcript, "completed");
      },
      "response.created": () => this.began(),
      "response.output_audio_transcript.delta": ({ item_id, delta }) => this.update(item_id, (text) => text + delta),
      "response.output_text.delta": ({ item_id, delta }) => this.update(item_id, (text) => text + delta),
      "response.output_audio.delta": (event) => this.sound(event),
      "response.done": () => this.ended(),
    };
  }

  /** @param {Event} event */
  handle(event) {
    this.handlers[event.type]?.(event);
  }

  /** @param {Event} event */
  state({ role, panic = false, face = "", recording = "none", ...told }) {
    const { phase, muted, paused, mode, language, persona, busy, notices } = told;
    const known = { phase, muted, paused, panic, mode, language, persona, face, recording, busy, notices };
    this.store.set({ ...known, role: role ?? "speaker" });
  }

  /** @param {Event} event */
  error({ error }) {
    if (QUIET.has(error.code) || error.event_id === TRUNCATE) return;
    this.toast("error", error.text?.[this.store.state.shown] ?? error.message);
  }

  // ── items ──────────────────────────────────────────────────────────────────────────────────

  /** @param {any} item @param {boolean} [done] */
  item(item, done = false) {
    if (item.type !== "message") return;
    const text = textOf(item);
    const { messages } = this.store.state;
    // Never heard: not in the history, and not on the page.
    if (done && !text) return this.store.set({ messages: messages.filter(({ id }) => id !== item.id) });
    const known = messages.find(({ id }) => id === item.id);
    const speaker = item.speaker?.name ?? item.speaker ?? known?.speaker;
    const message = {
      id: item.id,
      role: item.role,
      text: text ?? known?.text ?? "",
      status: item.status,
      ...(speaker && { speaker: String(speaker) }),
    };
    this.store.set({
      messages: known ? messages.map((other) => (other === known ? message : other)) : [...messages, message],
    });
  }

  /** What came to mind for a reply. @param {Event} event */
  remembered({ item_id, memories }) {
    const rows = Object.entries({ ...this.store.state.remembered, [item_id]: memories });
    this.store.set({ remembered: Object.fromEntries(rows.slice(-MOST_REMEMBERED)) });
  }

  /** @param {string} id @param {(text: string) => string} change @param {string} [status] */
  update(id, change, status) {
    const messages = this.store.state.messages.map((message) =>
      message.id === id ? { ...message, text: change(message.text), status: status ?? message.status } : message,
    );
    this.store.set({ messages });
  }

  /** @param {string} turn @param {string} text @param {boolean} final @param {{id: string, name: string}} [speaker] */
  hearing(turn, text, final, speaker) {
    this.store.set({ hearing: text ? { turn, text, final } : null });
    this.subtitles.hear(text, final, speaker);
  }

  // ── sound ──────────────────────────────────────────────────────────────────────────────────

  began() {
    this.reply = "";
    this.stopped = "";
    this.silencedAt = null;
    this.player.duck(1, 0);
  }

  /** @param {Event} event */
  sound({ item_id, delta, offset }) {
    if (item_id === this.stopped || (this.store.state.role === "observer" && !this.listens)) return;
    this.reply = item_id;
    this.silencedAt = null;
    this.player.push(item_id, offset ?? this.player.endOf(item_id), decode(delta));
  }

  /** @param {Event} event */
  segment(event) {
    this.replies.place(event);
    if (event.sequence === 0) this.player.wordsFrom(event.item_id, event.begin_ms);
    // She speaks, and nobody hears it here, so there is no playhead: the clause is shown as it comes.
    const newest = this.replies.newest(event.item_id);
    if (this.store.state.role === "speaker" && this.store.state.silenced && newest) {
      this.subtitles.say(event.item_id, newest, null);
      this.subtitles.rest();
    }
  }

  /** All sound not yet heard is to go; the reply itself may go on. */
  cleared() {
    this.stopped = "";
    void this.silence().then((place) => {
      if (place && this.reply === place.item) this.realtime.send({ type: "mia.playhead", ...milliseconds(place) });
    });
  }

  /** The user really stopped her: tell to the millisecond what was heard. */
  interrupted() {
    if (!this.reply) return;
    const reply = this.reply;
    void this.silence().then((place) => {
      if (place?.item !== reply) return;
      const { item_id, audio_ms } = milliseconds(place);
      this.realtime.send({
        type: "conversation.item.truncate",
        event_id: TRUNCATE,
        item_id,
        content_index: 0,
        audio_end_ms: audio_ms,
      });
    });
  }

  /** Stop her from here. */
  stop() {
    this.stopped = this.reply;
    void this.silence();
    return this.realtime.send({ type: "mia.stop" });
  }

  /** Silent at once; asked twice about the same sound, the answer is the same. */
  silence() {
    this.silencedAt ??= this.player.hush();
    this.player.duck(1, 0);
    return this.silencedAt;
  }

  ended() {
    this.reply = "";
    this.stopped = "";
  }
}
