// The microphone check: a level while one speaks, and a few seconds recorded and played back.

import { h, icon } from "../dom.js";
import { playAt, wanted } from "../sound/devices.js";
import { SoundLists } from "../sound/lists.js";

/** @typedef {import("../pages.js").App} App */

const RECORD_MS = 4000;
/** Louder than a quiet room, softer than a voice: full scale 1. */
const VOICE = 0.03;

export class MicCheck {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {MediaStream|null} */
    this.stream = null;
    /** @type {AudioContext|null} */
    this.context = null;
    this.frame = 0;
    this.timer = 0;
    this.address = "";
  }

  draw() {
    const { t } = this.app;
    this.meter = h(
      "div.meter",
      {
        role: "meter",
        "aria-label": t("page.setup.mic.level"),
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": 0,
      },
      h("span"),
    );
    this.words = h("p.hint", { role: "status" }, t("page.setup.mic.hint"));
    this.start = h(
      "button.button.primary",
      { type: "button", onclick: () => void this.open() },
      icon("mic"),
      t("page.setup.mic.start"),
    );
    this.record = h(
      "button.button",
      { type: "button", hidden: true, onclick: () => void this.take() },
      icon("waves"),
      t("page.setup.mic.record"),
    );
    this.player = h("audio", { controls: true, hidden: true });
    this.lists = new SoundLists(t, (kind) => void this.change(kind));
    if (!isSecureContext) {
      this.start.disabled = true;
      this.words.textContent = t("page.mic.insecure");
    }
    const buttons = h("div.buttons", {}, this.start, this.record);
    return h("div.mic-check", {}, this.meter, this.words, buttons, this.player, this.lists.element);
  }

  /** Another one was chosen. @param {import("../sound/devices.js").Kind} kind */
  async change(kind) {
    if (kind === "audiooutput") return this.app.soundAt();
    if (!this.stream) return;
    this.rest();
    await this.open();
  }

  async open() {
    const { t } = this.app;
    this.start.disabled = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: await wanted() });
    } catch (error) {
      const name = /** @type {any} */ (error)?.name;
      this.words.textContent = t(
        name === "NotFoundError" ? "page.mic.none" : name === "NotReadableError" ? "page.mic.busy" : "page.mic.denied",
      );
      this.start.disabled = false;
      return;
    }
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heard = false;
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      const share = Math.min(100, Math.round(Math.sqrt(rms) * 160));
      this.meter.style.setProperty("--level", `${share}%`);
      this.meter.setAttribute("aria-valuenow", String(share));
      if (rms > VOICE && !heard) {
        heard = true;
        this.words.textContent = t("page.setup.mic.good");
      }
      this.frame = requestAnimationFrame(look);
    };
    look();
    this.words.textContent = t("page.setup.mic.speak");
    this.start.hidden = true;
    this.record.hidden = false;
    // Now that it is allowed, the browser tells their names.
    void this.lists?.fill();
  }

  async take() {
    const { t } = this.app;
    if (!this.stream) return;
    this.record.disabled = true;
    this.words.textContent = t("page.setup.mic.recording");
    const recorder = new MediaRecorder(this.stream);
    /** @type {Blob[]} */
    const pieces = [];
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      URL.revokeObjectURL(this.address);
      this.address = URL.createObjectURL(new Blob(pieces, { type: recorder.mimeType }));
      this.player.src = this.address;
      this.player.hidden = false;
      void playAt(this.player);
      void this.player.play().catch(() => {}); // where the browser wants a click, its own button is there
      this.record.disabled = false;
      this.words.textContent = t("page.setup.mic.played");
    });
    recorder.start();
    this.timer = setTimeout(() => recorder.state === "recording" && recorder.stop(), RECORD_MS);
  }

  /** Give the microphone back. */
  rest() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    void this.context?.close();
    this.stream = this.context = null;
  }

  close() {
    this.rest();
    this.lists?.close();
    URL.revokeObjectURL(this.address);
  }
}
