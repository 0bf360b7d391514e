// Takes the microphone at whatever rate it has and hands on 20 ms frames of PCM16 at 24 kHz.
// Out: {frame: Int16Array of 480, rms}

const RATE = 24000;
const FRAME = 480;
/** Zero crossings of the resampling kernel on each side, at the lower of the two rates. */
const CROSSINGS = 16;
/** Kernel values kept for each input sample; between them it is linear. */
const STEPS = 256;

/**
 * A windowed sinc that lets pass what both rates can carry (Blackman window, 92 % of the band).
 * @param {number} reach input samples on each side
 * @param {number} band share of the input's band that is kept
 */
function kernel(reach, band) {
  const table = new Float32Array(reach * STEPS + 2);
  for (let n = 0; n < reach * STEPS; n++) {
    const x = n / STEPS;
    const phase = Math.PI * x * band;
    const window = 0.42 + 0.5 * Math.cos((Math.PI * x) / reach) + 0.08 * Math.cos((2 * Math.PI * x) / reach);
    table[n] = (n === 0 ? 1 : Math.sin(phase) / phase) * window * band;
  }
  return table;
}

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.reach = Math.ceil(CROSSINGS * Math.max(1, this.step));
    this.kernel = kernel(this.reach, 0.92 * Math.min(1, 1 / this.step));
    this.past = new Float32Array(this.reach * 2 + 1024);
    this.filled = this.reach; // silence before the first sample
    this.next = this.reach; // where, in `past`, the next output sample lies
    this.frame = new Int16Array(FRAME);
    this.count = 0;
    this.power = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    this.past.set(input, this.filled);
    this.filled += input.length;
    while (this.next + this.reach < this.filled) {
      this.put(this.step === 1 ? this.past[Math.floor(this.next)] : this.interpolate(this.next));
      this.next += this.step;
    }
    const used = Math.floor(this.next) - this.reach;
    this.past.copyWithin(0, used, this.filled);
    this.filled -= used;
    this.next -= used;
    return true;
  }

  /** @param {number} place between the samples of `past` */
  interpolate(place) {
    let sum = 0;
    const first = Math.ceil(place - this.reach + 1e-6);
    for (let n = first; n < place + this.reach; n++) {
      const at = Math.abs(place - n) * STEPS;
      const low = Math.floor(at);
      sum += this.past[n] * (this.kernel[low] + (this.kernel[low + 1] - this.kernel[low]) * (at - low));
    }
    return sum;
  }

  /** @param {number} sample */
  put(sample) {
    this.power += sample * sample;
    this.frame[this.count++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
    if (this.count < FRAME) return;
    const frame = this.frame;
    this.port.postMessage({ frame, rms: Math.sqrt(this.power / FRAME) }, [frame.buffer]);
    this.frame = new Int16Array(FRAME);
    this.count = 0;
    this.power = 0;
  }
}

registerProcessor("mia-capture", Capture);
