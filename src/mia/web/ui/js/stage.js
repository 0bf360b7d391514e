// The stage: every frame asks the player where the playhead is and lets face and subtitles follow.

import { RATE, meter, rms } from "./audio.js";
import { LOOK_AHEAD_MS, MouthMover, WINDOW } from "./mouth.js";
import { Puppet } from "./puppet.js";
import { SHOWN_KEYS, shownState } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Shown} Shown */

/**
 * Seconds between two drawings of the face: speaking, at rest, and while MIA thinks. Without a
 * graphics card every drawing is work for the processor MIA thinks with: about 15 ms on one core
 * of two, so it is done as seldom as still looks alive.
 */
const PACE = {
  fast: { speaking: 0, resting: 1 / 31, thinking: 1 / 31 },
  slow: { speaking: 1 / 20, resting: 1 / 10, thinking: 1 / 8 },
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

/** @type {Record<Shown, import("./life.js").Mood>} */
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
  paused: "resting",
  waiting: "neutral",
  named: "neutral",
};
/** A first word that takes longer than this (s) is being thought about, and looks like it. */
const PATIENCE = 1.5;
/** Seconds between two nods at the user's pauses; more would look like a toy. */
const NODS = 3;

export class Stage {
  /**
   * @param {{store: Store, player: import("./player.js").Player, replies: import("./replies.js").Replies, subtitles: import("./subtitles.js").Subtitles}} parts
   */
  constructor({ store, player, replies, subtitles }) {
    this.store = store;
    this.player = player;
    this.replies = replies;
    this.subtitles = subtitles;
    this.mouth = new MouthMover();
    this.window = new Float32Array(WINDOW);
    this.place = /** @type {HTMLElement} */ (document.querySelector("#stage"));
    this.host = /** @type {HTMLElement} */ (document.querySelector("#puppet"));
    /** @type {Puppet|null} */
    this.puppet = null;
    this.last = 0;
    this.voice = 0;
    this.clause = "";
    /** Seconds since she began to get ready for her first word. */
    this.waited = 0;
    this.pace = accelerated() ? PACE.fast : PACE.slow;
    this.frame = this.frame.bind(this);
  }

  async start() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const puppet = await Puppet.load(this.host, { still });
    this.puppet = puppet;
    this.store.watch([...SHOWN_KEYS], (state) => (puppet.mood = this.mood(state)));
    this.store.watch(["phase", "playing"], ({ phase, playing }) => this.gesture(puppet.life, phase, playing));
    this.host.addEventListener("click", () => puppet.life.rejoice(1.6));
    window.addEventListener(
      "pointermove",
      ({ clientX, clientY }) => {
        const { left, top, width, height } = this.host.getBoundingClientRect();
        puppet.life.lookAt(((clientX - left) / width - 0.5) * 1.6, ((clientY - top) / height - 0.42) * 1.6);
      },
      { passive: true },
    );
    requestAnimationFrame(this.frame);
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
   * @param {import("./life.js").Life} life @param {import("./store.js").Phase} phase @param {boolean} playing
   */
  gesture(life, phase, playing) {
    if (phase === "pausing") life.nod(NODS);
    if (phase === "committed" && !playing) {
      life.nod(0.5);
      life.breatheIn();
    } else life.breatheOut();
    this.waited = 0;
  }

  /** @param {number} now */
  frame(now) {
    this.draw(Math.min((now - this.last) / 1000, 0.2));
    this.last = now;
    const pause = this.pause();
    // Asking for a frame makes the browser prepare one, even if nothing is drawn then.
    if (pause < 0.02) requestAnimationFrame(this.frame);
    else setTimeout(() => requestAnimationFrame(this.frame), pause * 1000 - 8);
  }

  /** Seconds until the next drawing is due. */
  pause() {
    if (this.player.playing || this.puppet?.life.hurried) return this.pace.speaking;
    return shownState(this.store.state) === "thinking" ? this.pace.thinking : this.pace.resting;
  }

  /** @param {number} dt */
  draw(dt) {
    this.wait(dt);
    const head = this.player.playhead();
    const ms = head ? (head.sample * 1000) / RATE : 0;
    const sound = head && this.player.around(head.sample + (LOOK_AHEAD_MS / 1000) * RATE, this.window);
    const phoneme = head && this.replies.phonemeAt(head.item, ms + LOOK_AHEAD_MS);
    const mouth = this.mouth.step(dt, sound, phoneme);
    this.puppet?.show(dt, mouth, this.mouth.level);
    this.glow(sound ? meter(rms(sound)) : 0);

    const segment = head && this.replies.segmentAt(head.item, ms);
    if (head && segment) {
      this.subtitles.say(head.item, segment, ms);
      this.feel(`${head.item} ${segment.sequence}`, segment.text);
    } else if (!this.store.state.silenced) this.subtitles.rest();
  }

  /** Nobody holds their breath for long. @param {number} dt */
  wait(dt) {
    const before = this.waited;
    this.waited += dt;
    if (!this.puppet?.life.inhaling || before > PATIENCE || this.waited <= PATIENCE) return;
    this.puppet.life.breatheOut();
    this.puppet.mood = this.mood(this.store.state);
  }

  /** @param {number} level */
  glow(level) {
    const voice = this.voice + (level - this.voice) * 0.3;
    const shown = voice.toFixed(this.pace === PACE.fast ? 2 : 1);
    this.voice = voice < 0.004 ? 0 : voice;
    if (this.place.style.getPropertyValue("--voice") !== shown) this.place.style.setProperty("--voice", shown);
  }

  /** A clause may show on her face. @param {string} clause @param {string} text */
  feel(clause, text) {
    if (clause === this.clause) return;
    this.clause = clause;
    if (/[?]/.test(text)) this.puppet?.life.ask(2);
    else if (/[!]|ja ?ja|ha ?ha/i.test(text)) this.puppet?.life.rejoice(1.1);
  }
}
