// The face at one moment: the one shape that every avatar of the page follows. The names are
// those of `mia.avatar.frame.Frame`, so that page, VTube Studio, VMC and OSC speak of the same
// things. Left and right are MIA's own: her left is at the right of the picture.

/** @typedef {"a"|"e"|"i"|"o"|"u"} Vowel */
/** @typedef {Record<Vowel, number>} Vowels how much of each vowel's shape the mouth has; together at most 1 */

/**
 * @typedef {object} Frame
 * @property {number} at seconds on the page's clock
 * @property {boolean} speaking a sound of hers is heard at this moment
 * @property {number} mouthOpen 0 … 1; lips closed … jaw as far down as it goes
 * @property {number} mouthForm -1 … 1; pursed … drawn wide
 * @property {Vowels} vowels
 * @property {string} viseme of Oculus' fifteen
 * @property {number} eyeOpenLeft 0 … 1; shut … open (a little more when startled)
 * @property {number} eyeOpenRight
 * @property {number} gazeX -1 … 1; as far to her left … right as eyes go. 0 looks at the viewer
 * @property {number} gazeY -1 … 1; down … up
 * @property {number} headYaw degrees, to her right; within about ±20
 * @property {number} headPitch degrees, up; within about ±15
 * @property {number} headRoll degrees, towards her right shoulder; within about ±15
 * @property {number} brows -1 … 1; knitted … raised
 * @property {number} breath 0 … 1; breathed out … in
 * @property {Record<string, number>} expressions weight of each expression that shows; neutral: none
 */

export const VOWELS = /** @type {Vowel[]} */ (["a", "e", "i", "o", "u"]);

/** @returns {Frame} awake, silent, looking at the viewer */
export const rest = () => ({
  at: 0,
  speaking: false,
  mouthOpen: 0,
  mouthForm: 0,
  vowels: { a: 0, e: 0, i: 0, o: 0, u: 0 },
  viseme: "sil",
  eyeOpenLeft: 1,
  eyeOpenRight: 1,
  gazeX: 0,
  gazeY: 0,
  headYaw: 0,
  headPitch: 0,
  headRoll: 0,
  brows: 0,
  breath: 0,
  expressions: {},
});

/** What draws a frame: the puppet, the user's own model. @typedef {{show: (dt: number, frame: Frame) => void, dispose: () => void}} Avatar */

/** @param {number} a @param {number} b @param {number} t */
export const lerp = (a, b, t) => a + (b - a) * t;

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Moves `value` towards `target` with the time constant `tau`, both in seconds. @param {number} value @param {number} target @param {number} dt @param {number} tau */
export const approach = (value, target, dt, tau) => lerp(target, value, Math.exp(-dt / tau));

/** A damped spring: what comes after, and goes a little too far. */
export class Spring {
  /** @param {number} stiffness 1/s² @param {number} damping 1/s */
  constructor(stiffness, damping) {
    this.stiffness = stiffness;
    this.damping = damping;
    this.value = 0;
    this.speed = 0;
  }

  /** @param {number} target @param {number} dt */
  step(target, dt) {
    // Small steps: explicit integration of a stiff spring would blow up after a long frame.
    for (let left = Math.min(dt, 0.1); left > 0; left -= 0.008) {
      const h = Math.min(left, 0.008);
      this.speed += ((target - this.value) * this.stiffness - this.speed * this.damping) * h;
      this.value += this.speed * h;
    }
    return this.value;
  }
}
