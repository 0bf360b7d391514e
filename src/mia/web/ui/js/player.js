// MIA's voice in the browser: takes a reply's sound, plays it gaplessly, and knows the playhead.

import { RATE } from "./audio.js";
import { playAt } from "./sound/devices.js";

/** @typedef {{item: string, sample: number}} Place a sample of a reply's sound */

/** Between two playhead reports to the server. */
const TELL_EVERY_MS = 100;

/** One reply's sound so far, kept for mouth and meter. */
class Track {
  /** @param {string} item */
  constructor(item) {
    this.item = item;
    this.samples = new Float32Array(RATE * 8);
    this.end = 0;
  }

  /** @param {number} offset @param {Float32Array} block */
  put(offset, block) {
    const end = offset + block.length;
    if (end > this.samples.length) {
      const larger = new Float32Array(Math.max(end, this.samples.length * 2));
      larger.set(this.samples);
      this.samples = larger;
    }
    this.samples.set(block, offset);
    this.end = end;
  }
}

/** Events: "playing" {playing}, "playhead" {item_id, audio_ms}, "silenced" {silenced}, "failed" {error}. */
export class Player extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext|null} */
    this.context = null;
    /** @type {AudioWorkletNode|null} */
    this.node = null;
    /** @type {Promise<void>|null} */
    this.starting = null;
    /** @type {Track|null} */
    this.track = null;
    this.report = { item: "", sample: 0, time: 0, played: 0, underruns: 0, dry: true };
    this.playing = false;
    /** Where the reply's own words begin: until there something short may be heard, and then nothing. */
    this.words = { item: "", sample: 0 };
    this.stutters = 0;
    /** Seconds of silence where none was meant. */
    this.silent = 0;
    this.told = 0;
    /** @type {((place: Place|null) => void)[]} */
    this.hushed = [];
    this.heardOut = 0;
  }

  /** Samples of MIA's voice that went to the loudspeaker since the page was opened. */
  get playedSamples() {
    return this.report.played;
  }

  /** What was heard here since the page was opened: seconds, and how often and for how long it ran out in the middle of a reply. */
  get heardHere() {
    return { seconds: this.playedSamples / RATE, stutters: this.stutters, silent: this.silent };
  }

  /** The reply's own words begin after so many milliseconds of its sound. @param {string} item @param {number} ms */
  wordsFrom(item, ms) {
    this.words = { item, sample: Math.round((ms * RATE) / 1000) };
  }

  get running() {
    return this.context?.state === "running" && this.node !== null;
  }

  /** Start the sound; browsers allow it from the first click or key on. */
  start() {
    this.starting ??= this.open().catch((error) => {
      this.starting = null;
      this.tell("failed", { error });
    });
    void this.context?.resume();
    return this.starting;
  }

  async open() {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.context = context;
    context.addEventListener("statechange", () => this.running && this.tell("silenced", { silenced: false }));
    await context.audioWorklet.addModule("/ui/js/playback-worklet.js");
    const node = new AudioWorkletNode(context, "mia-playback", { numberOfInputs: 0, outputChannelCount: [1] });
    node.connect(context.destination);
    await playAt(context);
    node.port.onmessage = ({ data }) => this.heard(data);
    this.node = node;
    if (this.running) this.tell("silenced", { silenced: false });
  }

  /** Play at the loudspeaker that is chosen now. */
  async route() {
    if (this.context) await playAt(this.context);
  }

  /**
   * Play a stretch of a reply right after what is queued.
   * @param {string} item @param {number} offset its first sample's place in the reply's sound @param {Float32Array} samples
   */
  push(item, offset, samples) {
    if (this.track?.item !== item) this.track = new Track(item);
    this.track.put(offset, samples);
    if (!this.running) {
      // Held back it would be heard too late, and MIA would think it had been heard: rather none.
      this.tell("silenced", { silenced: true });
      return;
    }
    this.node?.port.postMessage({ type: "push", item, offset, samples: samples.slice() });
  }

  /** The place the next sound of `item` has, where the server does not say. @param {string} item */
  endOf(item) {
    return this.track?.item === item ? this.track.end : 0;
  }

  /** Fall silent within 10 ms. @returns {Promise<Place|null>} the last sample heard, null if there was none */
  hush() {
    if (!this.running) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.hushed.push(resolve);
      this.node?.port.postMessage({ type: "hush" });
    });
  }

  /** @param {number} gain @param {number} milliseconds */
  duck(gain, milliseconds) {
    this.node?.port.postMessage({ type: "duck", gain, samples: Math.round((milliseconds / 1000) * RATE) });
  }

  /** Seconds between a sample leaving the worklet and being heard. */
  get latency() {
    return (this.context?.baseLatency ?? 0) + (this.context?.outputLatency ?? 0);
  }

  /** What is being heard now; null while she is silent. @returns {Place|null} */
  playhead() {
    const { report, context } = this;
    if (!context || !this.playing || !report.item) return null;
    const since = context.currentTime - report.time - this.latency;
    // Between two reports the worklet goes on evenly; beyond that nobody knows.
    const ahead = report.dry ? Math.min(0, since) : Math.min(0.06, since);
    return { item: report.item, sample: Math.max(0, Math.round(report.sample + ahead * RATE)) };
  }

  /** `length` samples about a place in the reply that is playing, silence where there are none. @param {number} centre @param {Float32Array} into */
  around(centre, into) {
    const from = Math.round(centre - into.length / 2);
    into.fill(0);
    if (!this.track) return into;
    const begin = Math.max(0, from);
    const end = Math.min(this.track.end, from + into.length);
    if (end > begin) into.set(this.track.samples.subarray(begin, end), begin - from);
    return into;
  }

  /** @param {any} message from the worklet */
  heard(message) {
    if (message.type === "hushed") {
      const late = Math.round(this.latency * RATE);
      const place = message.item ? { item: message.item, sample: Math.max(0, message.sample - late) } : null;
      for (const resolve of this.hushed.splice(0)) resolve(place);
      return;
    }
    if (message.type === "gap") {
      const filler = message.item === this.words.item && message.sample <= this.words.sample;
      if (filler) return;
      this.stutters++;
      this.silent += message.seconds;
      return;
    }
    this.report = message;
    clearTimeout(this.heardOut);
    if (!message.dry) this.setPlaying(true);
    // The last samples are still on their way to the ear.
    else this.heardOut = setTimeout(() => this.setPlaying(false), this.latency * 1000);
    if (this.playing) this.tellPlayhead(message.dry);
  }

  /** @param {boolean} last */
  tellPlayhead(last) {
    const place = this.playhead();
    const now = performance.now();
    if (!place || (!last && now - this.told < TELL_EVERY_MS)) return;
    this.told = now;
    const { item, sample } = this.report;
    // With the loudspeaker dry the rest is heard within the latency: tell the end, nothing follows.
    this.tell("playhead", last ? milliseconds({ item, sample }) : milliseconds(place));
  }

  /** @param {boolean} playing */
  setPlaying(playing) {
    if (this.playing === playing) return;
    this.playing = playing;
    this.tell("playing", { playing });
  }

  /** @param {string} name @param {unknown} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {Place} place */
export const milliseconds = ({ item, sample }) => ({ item_id: item, audio_ms: Math.floor((sample * 1000) / RATE) });
