// How MIA is spoken to (hands-free, push-to-talk, by her name), and the pause.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Mode} Mode */
/** @typedef {{mode: (mode: Mode) => void, pause: (paused: boolean) => void, mute: () => void}} Actions */

/** What the space bar does in each mode. @type {Record<Mode, string>} */
const SPACE = {
  "hands-free": "page.keys.space.mute",
  "push-to-talk": "page.keys.space.talk",
  "wake-name": "page.keys.space.mute",
};

/** What each mode is good for. @type {Record<Mode, string>} */
const HINTS = {
  "hands-free": "page.mode.hands_free.hint",
  "push-to-talk": "page.mode.push_to_talk.hint",
  "wake-name": "page.mode.wake_name.hint",
};

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {Store} store @param {Actions} actions */
export function showModes(store, actions) {
  const [modes, pause, mute, space] = ["#modes", "#pause", "#mute", "#keys-space"].map(find);

  store.watch(["mode", "paused", "muted", "shown", "role", "connection", "call"], (state) => {
    const { mode, paused, muted } = state;
    const off = state.connection !== "open" || state.role !== "speaker";
    for (const option of modes.children) {
      option.setAttribute("aria-pressed", String(option.dataset.mode === mode));
      option.title = t(HINTS[/** @type {Mode} */ (option.dataset.mode)]);
      option.disabled = off || state.call !== ""; // a call has its own, /mode
    }
    for (const [button, on, title] of [
      [pause, paused, paused ? "page.resume" : "page.pause.hint"],
      [mute, muted, muted ? "page.mic.muted.action" : "page.mic.on.action"],
    ]) {
      button.disabled = off;
      button.setAttribute("aria-pressed", String(on));
      button.title = t(title);
    }
    space.textContent = t(paused && mode !== "push-to-talk" ? "page.resume" : SPACE[mode]);
  });

  modes.addEventListener("click", (/** @type {any} */ { target }) => {
    const option = target.closest("[data-mode]");
    if (option) actions.mode(option.dataset.mode);
  });
  pause.addEventListener("click", () => actions.pause(!store.state.paused));
  mute.addEventListener("click", actions.mute);
}

/** For a while after her own words MIA needs no name: the page knows how long. @param {Store} store */
export function feelMeant(store) {
  let timer = 0;
  store.watch(["playing", "attention"], ({ playing, attention }) => {
    clearTimeout(timer);
    if (playing) store.set({ meant: true });
    else if (store.state.meant) timer = setTimeout(() => store.set({ meant: false }), attention * 1000);
  });
}

/**
 * The push-to-talk key: down while the large button or the space bar is held, up as soon as the page
 * can no longer know that it is.
 */
export class TalkKey {
  /** @param {HTMLElement} button @param {{active: () => boolean, press: () => void, release: () => void}} actions */
  constructor(button, actions) {
    this.actions = actions;
    this.held = false;
    button.addEventListener("pointerdown", (event) => {
      if (!this.actions.active() || event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.press();
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      button.addEventListener(end, () => this.release());
    button.addEventListener("contextmenu", (event) => {
      if (this.actions.active()) event.preventDefault();
    });
    addEventListener("keyup", (event) => {
      if (!this.held || ![" ", "Enter"].includes(event.key)) return;
      event.preventDefault();
      this.release();
    });
    // A screen reader's press has no down and no up: it is one or the other in turn.
    button.addEventListener("click", (event) => {
      if (!this.actions.active() || event.detail > 0) return;
      if (this.held) this.release();
      else this.press();
    });
    addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
  }

  press() {
    if (this.held) return;
    this.held = true;
    this.actions.press();
  }

  release() {
    if (!this.held) return;
    this.held = false;
    this.actions.release();
  }

  /** Nobody is there any more to be told. */
  forget() {
    this.held = false;
  }
}
