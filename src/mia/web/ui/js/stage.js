// The stage: every frame asks where the playhead is and lets face and subtitles follow.

import { RATE, meter, rms } from "./audio.js";
import { Face } from "./face/face.js";
import { LOOK_AHEAD_MS, WINDOW } from "./face/mouth.js";
import { Puppet } from "./puppet/puppet.js";
import { SHOWN_KEYS, shownState } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Shown} Shown */
/** @typedef {import("./face/frame.js").Avatar} Avatar */
/** @typedef {import("./face/frame.js").Frame} Frame */
/** @typedef {import("./replies.js").Segment} Segment */

/**
 * Seconds between two drawings of the face: speaking, at rest, and while MIA thinks. Without a
 * graphics card every drawing is work for the processor MIA thinks with: about 15 ms on one core
 * of two, so it is done as seldom as still looks alive.
 */
const PACE = {
  fast: { speaking: 0, resting: 1 / 31, thinking: 1 / 31 },
  slow: { speaking: 1 / 20, resting: 1 / 10, thinking: 1 / 8 },
  /** What is recorded is to be smooth, whoever draws it. */
  every: { speaking: 0, resting: 0, thinking: 0 },
};

/** Whether a graphics card draws the page. */
function accelerated() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl", { failIfMajorPerformanceCaveat: true });
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl && named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : "");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null && !/swiftshader|llvmpipe|software|basic render/i.test(renderer);
}

/** @type {Record<Shown, import("./face/postures.js").Mood>} */
const MOODS = {
  connecting: "neutral",
  loading: "thinking",
  reconnecting: "muted",
  ready: "neutral",
  observer: "neutral",
  listening: "listening",
  thinking: "thinking",
  speaking: "speaking",
  muted: "muted",
  panic: "muted",
  paused: "resting",
  waiting: "neutral",
  named: "neutral",
};
/** A first word that takes longer than this (s) is being thought about, and looks like it. */
const PATIENCE = 1.5;
/** Seconds between two nods at the user's pauses; more would look like a toy. */
const NODS = 3;
/** Frames kept for whoever looks into the page. */
const KEPT_FRAMES = 900;

export class Stage {
  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {import("./player.js").Player} parts.player
   * @param {import("./face/following.js").Following} parts.following
   * @param {import("./replies.js").Replies} parts.replies
   * @param {import("./subtitles.js").Subtitles} parts.subtitles
   * @param {{smooth?: boolean, leadMs?: number, debug?: boolean}} [options] smooth: a frame whenever the browser draws one; leadMs: how much earlier the mouth moves
   */
  constructor({ store, player, following, replies, subtitles }, { smooth = false, leadMs = 0, debug = false } = {}) {
    this.store = store;
    this.player = player;
    this.following = following;
    this.replies = replies;
    this.subtitles = subtitles;
    this.ahead = LOOK_AHEAD_MS + leadMs;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.face = new Face({ still: this.still });
    this.window = new Float32Array(WINDOW);
    this.place = /** @type {HTMLElement} */ (document.querySelector("#stage"));
    this.host = /** @type {HTMLElement} */ (document.querySelector("#puppet"));
    /** @type {Avatar|null} */
    this.avatar = null;
    /** A face that is to be shown instead of her own, for pictures and tests. @type {Partial<Frame>|null} */
    this.held = null;
    /** @type {Frame[]|null} */
    this.frames = debug ? [] : null;
    this.last = 0;
    /** Another page is in front: nothing is drawn. */
    this.asleep = false;
    /** No next frame has been asked for. */
    this.resting = false;
    this.voice = 0;
    this.clause = "";
    /** Seconds since she began to get ready for her first word. */
    this.waited = 0;
    this.pace = smooth ? PACE.every : accelerated() ? PACE.fast : PACE.slow;
    this.frame = this.frame.bind(this);
  }

  /** @param {import("./puppet/paint.js").Colours} [colours] of the puppet she begins with */
  async start(colours = {}) {
    const { life } = this.face;
    this.wear(await Puppet.load(this.host, { still: this.still, colours }));
    this.store.watch([...SHOWN_KEYS], (state) => {
      this.host.dataset.mood = life.mood = this.mood(state);
    });
    this.store.watch(["phase", "playing"], ({ phase, playing }) => this.gesture(phase, playing));
    requestAnimationFrame(this.frame);
  }

  /** Draw no more while nobody can see it, or go on. @param {boolean} asleep */
  sleep(asleep) {
    if (asleep === this.asleep) return;
    this.asleep = asleep;
    if (!asleep && this.resting) {
      this.resting = false;
      requestAnimationFrame(this.frame);
    }
  }

  /** She follows the pointer with her eyes, and likes being touched. */
  feelPointer() {
    this.host.addEventListener("click", () => this.face.life.feel("joy", 1.6));
    window.addEventListener(
      "pointermove",
      ({ clientX, clientY }) => {
        const { left, top, width, height } = this.host.getBoundingClientRect();
        this.face.life.lookAt((0.5 - (clientX - left) / width) * 1.6, (0.42 - (clientY - top) / height) * 1.6);
      },
      { passive: true },
    );
  }

  /** @param {Avatar} avatar is shown from now on, instead of the one before */
  wear(avatar) {
    this.avatar?.dispose();
    this.avatar = avatar;
  }

  /** @param {import("./store.js").State} state */
  mood(state) {
    const shown = shownState(state);
    // An open microphone with nobody speaking is company, not an interrogation.
    if (shown === "listening" && state.phase === "idle" && !state.pressed) return "neutral";
    if (shown === "thinking" && state.phase === "committed" && this.waited < PATIENCE) return "attentive";
    return MOODS[shown];
  }

  /**
   * What fills the silence before her first word: she nods as one who follows, draws breath, looks.
   * @param {import("./store.js").Phase} phase @param {boolean} playing
   */
  gesture(phase, playing) {
    const { life } = this.face;
    if (phase === "pausing") life.nod(NODS);
    if (phase === "committed" && !playing) {
      life.nod(0.5);
      life.breatheIn();
    } else life.breatheOut();
    this.waited = 0;
  }

  /** @param {number} now */
  frame(now) {
    if (this.asleep) {
      this.resting = true;
      return;
    }
    this.draw(Math.min((now - this.last) / 1000, 0.2));
    this.last = now;
    const pause = this.pause();
    // Asking for a frame makes the browser prepare one, even if nothing is drawn then.
    if (pause < 0.02) requestAnimationFrame(this.frame);
    else setTimeout(() => requestAnimationFrame(this.frame), pause * 1000 - 8);
  }

  /** What is being heard now, here or elsewhere. */
  playhead() {
    return this.player.playhead() ?? this.following.playhead();
  }

  /** Seconds until the next drawing is due. */
  pause() {
    if (this.face.frame.speaking || this.player.playing || this.face.life.hurried) return this.pace.speaking;
    return shownState(this.store.state) === "thinking" ? this.pace.thinking : this.pace.resting;
  }

  /** @param {number} dt */
  draw(dt) {
    this.wait(dt);
    const head = this.playhead();
    const ms = head ? (head.sample * 1000) / RATE : 0;
    const here = head !== null && this.player.playing;
    const sound = here ? this.player.around(head.sample + (this.ahead / 1000) * RATE, this.window) : null;
    const phoneme = head && this.replies.phonemeAt(head.item, ms + this.ahead, !here);
    const segment = head && this.replies.segmentAt(head.item, ms);
    if (head && segment) this.heard(head.item, segment, ms);
    else {
      this.face.settle();
      if (!this.store.state.silenced) this.subtitles.rest();
    }
    const frame = this.face.step(dt, sound, phoneme);
    if (this.held) Object.assign(frame, this.held);
    this.avatar?.show(dt, frame);
    if (this.frames && this.frames.push(frame) > KEPT_FRAMES) this.frames.shift();
    this.glow(sound ? meter(rms(sound)) : frame.mouthOpen * 0.7);
  }

  /** @param {string} item @param {Segment} segment @param {number} ms */
  heard(item, segment, ms) {
    this.subtitles.say(item, segment, ms);
    const cues = this.replies.cuesOf(item);
    this.face.follow(item, cues, ms + this.ahead);
    const clause = `${item} ${segment.sequence}`;
    if (clause === this.clause) return;
    this.clause = clause;
    if (/[?]/.test(segment.text)) this.face.life.ask(2);
    // A reply that says nothing of her face shows a little on it by its words.
    else if (cues.length === 0 && /[!]|ja ?ja|ha ?ha/i.test(segment.text)) this.face.life.feel("joy", 1.1);
  }

  /** Nobody holds their breath for long. @param {number} dt */
  wait(dt) {
    const before = this.waited;
    this.waited += dt;
    const { life } = this.face;
    if (!life.inhaling || before > PATIENCE || this.waited <= PATIENCE) return;
    life.breatheOut();
    this.host.dataset.mood = life.mood = this.mood(this.store.state);
  }

  /** @param {number} level */
  glow(level) {
    const voice = this.voice + (level - this.voice) * 0.3;
    const shown = voice.toFixed(this.pace === PACE.slow ? 1 : 2);
    this.voice = voice < 0.004 ? 0 : voice;
    if (this.place.style.getPropertyValue("--voice") !== shown) this.place.style.setProperty("--voice", shown);
  }
}
