// The user's microphone: asks for it, hands on its frames, and says plainly why it has none.

import { encode, meter } from "./audio.js";
import { wanted } from "./sound/devices.js";

/** @typedef {import("./store.js").MicrophoneProblem} Problem */

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unsupported";
}

export class MicrophoneError extends Error {
  /** @param {Problem} problem @param {unknown} [cause] */
  constructor(problem, cause) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/** Events: "sound" {audio} (base64, 20 ms), "level" {level} (0 … 1), "lost". */
export class Microphone extends EventTarget {
  constructor() {
    super();
    /** @type {MediaStream|null} */
    this.stream = null;
    /** @type {AudioContext|null} */
    this.context = null;
    this.muted = false;
  }

  /** Ask for the microphone and listen. Throws MicrophoneError. */
  async start() {
    if (this.stream) return;
    // Outside https and localhost a browser hides the microphone altogether.
    if (!window.isSecureContext) throw new MicrophoneError("insecure");
    if (!navigator.mediaDevices?.getUserMedia || !("AudioWorkletNode" in window))
      throw new MicrophoneError("unsupported");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: await wanted() });
    } catch (error) {
      throw new MicrophoneError(problemOf(error), error);
    }
    try {
      await this.listen(stream);
    } catch (error) {
      this.stop();
      throw new MicrophoneError(problemOf(error), error);
    }
  }

  /** @param {MediaStream} stream */
  async listen(stream) {
    this.stream = stream;
    const context = new AudioContext({ latencyHint: "interactive" });
    this.context = context;
    await context.audioWorklet.addModule("/ui/js/capture-worklet.js");
    const node = new AudioWorkletNode(context, "mia-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    node.port.onmessage = ({ data }) => this.took(data.frame, data.rms);
    context.createMediaStreamSource(stream).connect(node);
    const [track] = stream.getAudioTracks();
    track.enabled = !this.muted;
    track.addEventListener("ended", () => {
      if (this.stream !== stream) return;
      this.stop();
      this.dispatchEvent(new Event("lost"));
    });
    await context.resume();
  }

  /** Deaf, with the microphone kept. @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    if (muted) this.dispatchEvent(new CustomEvent("level", { detail: { level: 0 } }));
  }

  /** Give the microphone back to the browser. */
  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    void this.context?.close();
    this.stream = null;
    this.context = null;
    this.dispatchEvent(new CustomEvent("level", { detail: { level: 0 } }));
  }

  /** @param {Int16Array} frame @param {number} rms */
  took(frame, rms) {
    if (this.muted || !this.stream) return;
    this.dispatchEvent(new CustomEvent("sound", { detail: { audio: encode(frame) } }));
    this.dispatchEvent(new CustomEvent("level", { detail: { level: meter(rms) } }));
  }
}
