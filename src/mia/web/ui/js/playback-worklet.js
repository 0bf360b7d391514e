// Plays a reply's sound without gaps, in the browser's audio thread, and counts every sample of it.
// In: {type: "push", item, offset, samples} · {type: "hush"} · {type: "duck", gain, samples} ·
// {type: "report"}
// Out: {type: "at", item, sample, time, played, underruns, dry, asked} about 50 times a second and at every
// change, {type: "hushed", item, sample} when the fade is over, {type: "gap", item, sample, seconds} when
// sound comes that should have followed at once.

/** Samples of the fade at a hush: 10 ms. */
const FADE = 240;
/** Sound to hold before beginning, so that the first packets' jitter is not heard: 30 ms. */
const READY = 720;
/** Quanta of 128 samples between two reports: 21 ms. */
const REPORT_EVERY = 4;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {{item: string, offset: number, samples: Float32Array}[]} */
    this.queue = [];
    this.position = 0; // in the first block
    this.held = 0; // samples in the queue
    this.item = "";
    this.sample = 0; // next one of `item`
    this.played = 0;
    this.underruns = 0;
    this.dry = true;
    this.dryAt = 0; // when it ran dry
    this.hushed = false; // on purpose
    this.waited = 0;
    this.fading = -1;
    this.gain = { now: 1, target: 1, step: 0 };
    this.quanta = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  /** @param {any} message */
  take(message) {
    if (message.type === "push") {
      // She ran out in the middle of a reply: what comes now belongs right after what was played.
      const follows = this.item === message.item && this.sample === message.offset && this.sample > 0;
      if (this.dry && this.held === 0 && follows && !this.hushed) {
        this.underruns++;
        const { item, sample } = this;
        this.port.postMessage({ type: "gap", item, sample, seconds: currentTime - this.dryAt });
      }
      this.hushed = false;
      if (this.fading >= 0) this.silence();
      this.queue.push({ item: message.item, offset: message.offset, samples: message.samples });
      this.held += message.samples.length;
    } else if (message.type === "hush") {
      if (this.dry || this.held === 0) this.silence();
      else this.fading = FADE;
    } else if (message.type === "duck") {
      const samples = Math.max(1, message.samples);
      this.gain = { now: this.gain.now, target: message.gain, step: (message.gain - this.gain.now) / samples };
    } else if (message.type === "report") {
      this.report(true);
    }
  }

  /** Drop what was not heard and say where she was. */
  silence() {
    this.queue = [];
    this.position = 0;
    this.held = 0;
    this.fading = -1;
    this.dry = true;
    this.hushed = true;
    this.waited = 0;
    this.port.postMessage({ type: "hushed", item: this.item, sample: this.sample });
    this.report();
  }

  /** @param {boolean} [asked] */
  report(asked = false) {
    const { item, sample, played, underruns, dry } = this;
    this.port.postMessage({ type: "at", item, sample, played, underruns, dry, time: currentTime, asked });
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const out = outputs[0][0];
    if (this.dry && this.held > 0) {
      this.waited += out.length;
      if (this.held >= READY || this.waited >= READY) {
        this.dry = false;
        this.waited = 0;
      }
    }
    if (this.dry) return true;

    for (let n = 0; n < out.length; n++) {
      const block = this.queue[0];
      if (!block) {
        this.dry = true;
        this.dryAt = currentTime;
        break;
      }
      const { gain } = this;
      if (gain.now !== gain.target) {
        gain.now += gain.step;
        if ((gain.target - gain.now) * gain.step <= 0) gain.now = gain.target;
      }
      let value = block.samples[this.position] * gain.now;
      if (this.fading >= 0) value *= this.fading / FADE;
      out[n] = value;
      this.item = block.item;
      this.sample = block.offset + this.position + 1;
      this.position++;
      this.held--;
      this.played++;
      if (this.position === block.samples.length) {
        this.queue.shift();
        this.position = 0;
      }
      if (this.fading >= 0 && --this.fading < 0) {
        this.silence();
        return true;
      }
    }
    if (++this.quanta % REPORT_EVERY === 0 || this.dry) this.report();
    return true;
  }
}

registerProcessor("mia-playback", Playback);
