// What keeps a character alive while nothing happens: blinks, glances, breath, a head that is
// never quite still. Numbers over time, no drawing; `random` is given so that a test can repeat it.

import { approach, clamp, lerp, rest } from "./frame.js";
import { blend, expressionOf } from "./postures.js";

/** @typedef {import("./postures.js").Mood} Mood */
/** @typedef {import("./frame.js").Frame} Frame */

/** Seconds a lid takes down and up again; up is the slower half. */
const BLINK_DOWN = 0.085;
const BLINK_UP = 0.17;
/** Seconds in which an expression comes, and in which it goes (time constants). */
const COMES = 0.09;
const GOES = 0.22;
/** Breathing at rest moves this much of the whole. */
const AT_REST = 0.3;

export class Life {
  /** @param {{random?: () => number, still?: boolean}} [options] still: no sway, for people who asked for less motion */
  constructor({ random = Math.random, still = false } = {}) {
    this.random = random;
    this.still = still;
    this.time = 0;
    /** @type {Mood} */
    this.mood = "neutral";
    /** @type {string|null} */
    this.expression = null;
    this.expressionUntil = Infinity;
    /** How much of each expression and mood shows. @type {Record<string, number>} */
    this.weights = {};
    this.mouthLevel = 0;
    this.blink = { at: 1.2, phase: -1, again: false };
    this.glance = { until: 0, x: 0, y: 0 };
    this.pointer = { x: 0, y: 0, until: -1 };
    this.nodding = -1;
    this.nodded = -Infinity;
    /** She has breath for what she is about to say. */
    this.inhaling = false;
    this.inhale = 0;
    this.askUntil = -1;
    this.emphasis = 0;
    this.lids = 1;
    this.shut = { left: 0, right: 0 };
    this.pose = rest();
  }

  /** Look at something on the screen for a while. @param {number} x -1 … 1, to her right @param {number} y -1 … 1, up */
  lookAt(x, y) {
    this.pointer = { x: clamp(x, -1, 1), y: clamp(y, -1, 1), until: this.time + 2.2 };
  }

  /** Something quick is going on that a slow picture would miss. */
  get hurried() {
    const changing = this.expression !== null && (this.weights[this.expression] ?? 0) < 0.95;
    return this.blink.phase >= 0 || this.nodding >= 0 || changing || this.time < this.pointer.until - 1.6;
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

  /** Show an expression; neutral and unknown names end the one that shows. @param {string} name @param {number} [seconds] */
  feel(name, seconds = Infinity) {
    this.expression = expressionOf(name);
    this.expressionUntil = this.time + seconds;
  }

  /** Let the expression that shows go after so many seconds, if not earlier. @param {number} seconds */
  calm(seconds) {
    this.expressionUntil = Math.min(this.expressionUntil, this.time + seconds);
  }

  /** Tilt the head as one does with a question. @param {number} seconds */
  ask(seconds) {
    this.askUntil = this.time + seconds;
  }

  /** @param {number} dt seconds since the frame before @returns {Frame} without the mouth */
  step(dt) {
    this.time += dt;
    const { pose, time: t } = this;
    const sway = this.still ? 0 : 1;
    this.stepWeights(dt);
    const face = blend(this.weights);
    const asking = t < this.askUntil ? 1 : 0;
    this.emphasis = approach(this.emphasis, this.mouthLevel, dt, 0.18);

    this.stepGlance(face.toViewer);
    const seen = t < this.pointer.until && face.toViewer > 0.3 ? this.pointer : this.glance;
    const lookX = face.gazeX + (seen === this.pointer ? seen.x * 0.9 : seen.x * sway);
    const lookY = face.gazeY + (seen === this.pointer ? seen.y * 0.8 : seen.y * sway);
    const nod = sway * this.stepNod(dt);

    const drift = 3.2 * Math.sin(t * 0.53) + 2 * Math.sin(t * 0.91 + 1);
    pose.headYaw = approach(pose.headYaw, face.yaw + lookX * 6 + sway * drift, dt, 0.28);
    const bob = 1.5 * Math.sin(t * 0.71 + 2) + this.emphasis * 4.2;
    pose.headPitch = approach(pose.headPitch, face.pitch + lookY * 3 - nod - sway * bob, dt, 0.14);
    const tilt = 1.4 * Math.sin(t * 0.41) + 0.8 * Math.sin(t * 1.13) + this.emphasis * 1.6 * Math.sin(t * 2.1);
    pose.headRoll = approach(pose.headRoll, face.roll - asking * 6 + sway * tilt, dt, 0.3);
    // Breath is drawn quickly and let go slowly, with the words.
    this.inhale = approach(this.inhale, this.inhaling ? sway : 0, dt, this.inhaling ? 0.16 : 0.5);
    pose.breath = lerp(sway * AT_REST * (0.5 + 0.5 * Math.sin(t * 1.55)), 1, this.inhale);
    // A saccade takes some 50 ms however far it goes.
    pose.gazeX = approach(pose.gazeX, clamp(lookX, -1, 1), dt, 0.03);
    pose.gazeY = approach(pose.gazeY, clamp(lookY, -1, 1), dt, 0.03);
    pose.brows = clamp(approach(pose.brows, face.brows + asking * 0.4 + this.emphasis * 0.35 * sway, dt, 0.12), -1, 1);

    this.lids = Math.min(approach(this.lids, face.open, dt, 0.05), 1.16);
    this.shut.left = approach(this.shut.left, face.left, dt, 0.05);
    this.shut.right = approach(this.shut.right, face.right, dt, 0.05);
    const lids = this.lids * this.stepBlink(dt, face.blinks);
    pose.eyeOpenLeft = lids * (1 - this.shut.left);
    pose.eyeOpenRight = lids * (1 - this.shut.right);
    return { ...pose, at: t, expressions: { ...this.weights } };
  }

  /** Fade expression and mood, so that together they are at most 1. @param {number} dt */
  stepWeights(dt) {
    if (this.time >= this.expressionUntil) this.expression = null;
    const wanted = this.expression ?? this.mood;
    const names = new Set([...Object.keys(this.weights), wanted]);
    names.delete("neutral");
    for (const name of names) {
      const goal = name === wanted ? 1 : 0;
      const weight = approach(this.weights[name] ?? 0, goal, dt, goal ? COMES : GOES);
      if (weight > 0.005) this.weights[name] = weight;
      else delete this.weights[name];
    }
    const sum = Object.values(this.weights).reduce((all, one) => all + one, 0);
    if (sum > 1) for (const name of Object.keys(this.weights)) this.weights[name] /= sum;
  }

  /** @param {number} dt @param {number} rate blinks a minute @returns {number} 0 shut … 1 open */
  stepBlink(dt, rate) {
    const { blink } = this;
    if (blink.phase < 0) {
      if (this.time < blink.at || rate < 1) return 1;
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

  /** @param {number} dt @returns {number} degrees down */
  stepNod(dt) {
    if (this.nodding < 0) return 0;
    this.nodding += dt;
    if (this.nodding > 0.9) this.nodding = -1;
    return this.nodding < 0 ? 0 : 8 * Math.sin(this.nodding * 14) * Math.exp(-this.nodding * 3);
  }

  gaussian() {
    return Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
  }
}
