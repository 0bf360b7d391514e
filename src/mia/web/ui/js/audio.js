// Sound as it travels: mono PCM16, little-endian, 24,000 samples a second, in base64.

export const RATE = 24000;

/** @param {string} base64 @returns {Float32Array} full scale at ±1 */
export function decode(base64) {
  const bytes = atob(base64);
  const samples = new Float32Array(bytes.length >> 1);
  for (let n = 0; n < samples.length; n++) {
    const value = bytes.charCodeAt(2 * n) | (bytes.charCodeAt(2 * n + 1) << 8);
    samples[n] = (value >= 0x8000 ? value - 0x10000 : value) / 0x8000;
  }
  return samples;
}

/** @param {Int16Array} samples @returns {string} base64 */
export function encode(samples) {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return btoa(String.fromCharCode(...bytes));
}

/** Loudness as an ear would show it on a meter: -60 dB is 0, -10 dB and more is 1. @param {number} rms */
export const meter = (rms) => Math.min(1, Math.max(0, (20 * Math.log10(rms + 1e-9) + 60) / 50));

/** Root mean square. @param {Float32Array} samples @param {number} [from] @param {number} [to] */
export function rms(samples, from = 0, to = samples.length) {
  let sum = 0;
  for (let n = from; n < to; n++) sum += samples[n] * samples[n];
  return to > from ? Math.sqrt(sum / (to - from)) : 0;
}
