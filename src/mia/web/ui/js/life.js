// What keeps a character alive while nothing happens: blinks, glances, breath, a head that is
// never quite still. Numbers over time, no drawing; `random` is given so that a test can repeat it.

import { clamp, lerp } from "./puppet-shapes.js";

/** @typedef {"neutral"|"joy"|"thinking"|"listening"|"attentive"|"speaking"|"muted"|"resting"} Mood */

/**
 * Everything the drawing needs for one frame. Angles in degrees, gaze and turns in -1 … 1.
 * @typedef {object} Pose
 * @property {number} yaw head turned to the right of the picture
 * @property {number} pitch head up (negative) or down
 * @property {number} roll head tilted
 * @property {number} breath -1 … 1
 * @property {number} open eyelids, 0 … 1
 * @property {number} happy how much shut eyes are arches, 0 … 1
 * @property {number} gazeX
 * @property {number} gazeY
 * @property {number} raise brows up
 * @property {number} tilt inner brow ends up
 * @property {number} blush 0 … 1
 * @property {number} smile added to the corners of the mouth
 * @property {number} inhale 0 … 1: the breath before the first word
 * @property {number} lean 0 … 1: towards the viewer
 */

/**
 * A mood's resting face. `toViewer`: share of time spent looking at the viewer; people look more
 * while they listen (about 75 %) than while they speak (about 40 %; Argyle and Cook, 1976), and a
 * character on a stream more than both. `blinks`: a minute; about 17 at rest and 26 in
 * conversation (Bentivoglio and others, 1997).
 */
const NEUTRAL = {
  roll: 0,
  yaw: 0,
  pitch: 0,
  open: 1,
  happy: 0,
  gazeX: 0,
  gazeY: 0,
  raise: 0,
  tilt: 0,
  blush: 0.5,
  smile: 0,
  lean: 0,
  toViewer: 0.7,
  blinks: 17,
};

/** @param {Partial<typeof NEUTRAL>} differs */
const mood = (differs) => ({ ...NEUTRAL, ...differs });

/** @type {Record<Mood, typeof NEUTRAL>} */
const MOODS = {
  neutral: NEUTRAL,
  joy: mood({
    roll: 3,
    pitch: -0.1,
    open: 0.05,
    happy: 1,
    raise: 8,
    tilt: 1,
    blush: 1,
    smile: 4,
    toViewer: 1,
    blinks: 0,
  }),
  thinking: mood({
    roll: -4,
    yaw: -0.35,
    pitch: -0.2,
    open: 0.92,
    gazeX: -0.65,
    gazeY: -0.6,
    raise: 5,
    tilt: 4,
    blush: 0.35,
    smile: -4,
    toViewer: 0.1,
    blinks: 20,
  }),
  listening: mood({
    roll: 6,
    yaw: 0.2,
    pitch: 0.08,
    open: 1.06,
    raise: 8,
    tilt: 2,
    blush: 0.6,
    smile: 2,
    lean: 1,
    toViewer: 0.92,
    blinks: 12,
  }),
  // Between the user's last word and her first: she has understood and is about to speak.
  attentive: mood({
    roll: 1,
    pitch: -0.06,
    open: 1.08,
    raise: 9,
    blush: 0.6,
    smile: 4,
    lean: 0.6,
    toViewer: 1,
    blinks: 4,
  }),
  speaking: mood({ raise: 3, blush: 0.55, smile: 2, toViewer: 0.75, blinks: 24 }),
  muted: mood({
    roll: -2,
    pitch: 0.1,
    open: 0.86,
    gazeY: 0.1,
    raise: -2,
    tilt: 3,
    blush: 0.3,
    smile: -2,
    toViewer: 0.6,
  }),
  // Paused: eyes shut, at peace, until she is wanted again.
  resting: mood({ roll: 3, pitch: 0.22, open: 0, raise: 1, blush: 0.4, smile: 2, toViewer: 1, blinks: 0 }),
};

/** Seconds a lid takes down and up again; up is the slower half. */
const BLINK_DOWN = 0.085;
const BLINK_UP = 0.17;

/** Moves `value` towards `target` with the time constant `tau`, both in seconds. @param {number} value @param {number} target @param {number} dt @param {number} tau */
export const approach = (value, target, dt, tau) => lerp(target, value, Math.exp(-dt / tau));

export class Life {
  /** @param {{random?: () => number, still?: boolean}} [options] still: no sway, for people who asked for less motion */
  constructor({ random = Math.random, still = false } = {}) {
    this.random = random;
    this.still = still;
    this.time = 0;
    /** @type {Mood} */
    this.mood = "neutral";
    this.mouthLevel = 0;
    this.blink = { at: 1.2, phase: -1, again: false };
    this.glance = { until: 0, x: 0, y: 0 };
    this.pointer = { x: 0, y: 0, until: -1 };
    this.nodding = -1;
    this.nodded = -Infinity;
    /** She has breath for what she is about to say. */
    this.inhaling = false;
    this.joyUntil = -1;
    this.askUntil = -1;
    this.emphasis = 0;
    /** @type {Pose} */
    this.pose = {
      yaw: 0,
      pitch: 0,
      roll: 0,
      breath: 0,
      open: 1,
      happy: 0,
      gazeX: 0,
      gazeY: 0,
      raise: 0,
      tilt: 0,
      blush: 0.5,
      smile: 0,
      inhale: 0,
      lean: 0,
    };
  }

  /** Look at something on the screen for a while. @param {number} x -1 … 1 @param {number} y -1 … 1 */
  lookAt(x, y) {
    this.pointer = { x: clamp(x, -1, 1), y: clamp(y, -1, 1), until: this.time + 2.2 };
  }

  /** Something quick is going on that a slow picture would miss. */
  get hurried() {
    return (
      this.blink.phase >= 0 || this.nodding >= 0 || this.time < this.joyUntil || this.time < this.pointer.until - 1.6
    );
  }

  /** A small nod, unless there was one within the last `apart` seconds. @param {number} [apart] */
  nod(apart = 0) {
    if (this.nodding >= 0 || this.time - this.nodded < apart) return;
    this.nodding = 0;
    this.nodded = this.time;
  }

  /** Draw breath to speak, the eyes on the viewer. */
  breatheIn() {
    this.inhaling = true;
    this.pointer.until = -1;
    this.glance = { x: 0, y: 0, until: this.time + 0.9 };
  }

  breatheOut() {
    this.inhaling = false;
  }

  /** @param {number} seconds */
  rejoice(seconds) {
    this.joyUntil = Math.max(this.joyUntil, this.time + seconds);
  }

  /** Tilt the head as one does with a question. @param {number} seconds */
  ask(seconds) {
    this.askUntil = this.time + seconds;
  }

  /** @param {number} dt seconds since the frame before @returns {Pose} */
  step(dt) {
    this.time += dt;
    const glad = this.time < this.joyUntil;
    const face = MOODS[glad ? "joy" : this.mood];
    const { pose } = this;
    const sway = this.still ? 0 : 1;
    const t = this.time;

    const asking = t < this.askUntil ? 1 : 0;
    const nod = this.stepNod(dt);
    this.emphasis = approach(this.emphasis, this.mouthLevel, dt, 0.16);
    const looking = t < this.pointer.until && this.mood !== "thinking" && !this.inhaling;
    this.stepGlance(face.toViewer);
    const lookX = looking ? this.pointer.x : this.glance.x + face.gazeX;
    const lookY = looking ? this.pointer.y : this.glance.y + face.gazeY;

    pose.yaw = approach(
      pose.yaw,
      face.yaw + lookX * 0.3 + sway * (0.16 * Math.sin(t * 0.53) + 0.1 * Math.sin(t * 0.91 + 1)),
      dt,
      0.28,
    );
    pose.pitch = approach(
      pose.pitch,
      face.pitch + lookY * 0.2 + nod + sway * (0.1 * Math.sin(t * 0.71 + 2) + this.emphasis * 0.28),
      dt,
      0.14,
    );
    pose.roll = approach(
      pose.roll,
      face.roll +
        asking * 6 +
        sway * (1.4 * Math.sin(t * 0.41) + 0.8 * Math.sin(t * 1.13) + this.emphasis * 1.6 * Math.sin(t * 2.1)),
      dt,
      0.3,
    );
    // Breath is drawn quickly and let go slowly, with the words.
    pose.inhale = approach(pose.inhale, this.inhaling ? sway : 0, dt, this.inhaling ? 0.16 : 0.5);
    pose.breath = sway * Math.sin(t * 1.55) * (1 - pose.inhale);
    pose.lean = approach(pose.lean, sway * face.lean, dt, 0.35);
    // A saccade takes some 50 ms however far it goes.
    pose.gazeX = approach(pose.gazeX, clamp(lookX, -1, 1), dt, 0.03);
    pose.gazeY = approach(pose.gazeY, clamp(lookY, -1, 1), dt, 0.03);
    pose.happy = approach(pose.happy, face.happy, dt, 0.06);
    pose.open = Math.min(approach(pose.open, face.open, dt, 0.05), 1.1);
    pose.raise = approach(pose.raise, face.raise + asking * 5 + this.emphasis * 5, dt, 0.12);
    pose.tilt = approach(pose.tilt, face.tilt + asking * 3, dt, 0.15);
    pose.blush = approach(pose.blush, face.blush, dt, 0.4);
    pose.smile = approach(pose.smile, face.smile, dt, 0.15);
    return { ...pose, open: pose.open * this.stepBlink(dt, face.blinks) };
  }

  /** @param {number} dt @param {number} rate blinks a minute @returns {number} 0 shut … 1 open */
  stepBlink(dt, rate) {
    const { blink } = this;
    if (blink.phase < 0) {
      if (this.time < blink.at || rate === 0) return 1;
      blink.phase = 0;
    }
    blink.phase += dt;
    if (blink.phase < BLINK_DOWN) return 1 - blink.phase / BLINK_DOWN;
    const rise = (blink.phase - BLINK_DOWN) / BLINK_UP;
    if (rise < 1) return rise * rise * (3 - 2 * rise);
    blink.phase = -1;
    // Intervals are skewed: many short, a few long. About one blink in seven comes twice.
    blink.again = !blink.again && this.random() < 0.14;
    blink.at = this.time + (blink.again ? 0.12 : (60 / rate) * Math.exp(0.55 * this.gaussian() - 0.15));
    return 1;
  }

  /** @param {number} toViewer */
  stepGlance(toViewer) {
    if (this.time < this.glance.until) return;
    const away = this.random() > toViewer;
    const reach = away ? 0.55 : 0.07;
    this.glance = {
      x: reach * (this.random() * 2 - 1),
      y: reach * 0.6 * (this.random() * 2 - 1),
      until: this.time + (away ? 0.35 + this.random() * 0.9 : 0.7 + this.random() * 2.4),
    };
  }

  /** @param {number} dt */
  stepNod(dt) {
    if (this.nodding < 0) return 0;
    this.nodding += dt;
    if (this.nodding > 0.9) this.nodding = -1;
    return this.nodding < 0 ? 0 : 0.55 * Math.sin(this.nodding * 14) * Math.exp(-this.nodding * 3);
  }

  gaussian() {
    return Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
  }
}

/** A damped spring: hair that comes after the head. */
export class Spring {
  /** @param {number} stiffness @param {number} damping */
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
