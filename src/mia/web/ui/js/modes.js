// How MIA is spoken to (hands-free, push-to-talk, by her name), and the pause.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Mode} Mode */
/** @typedef {{mode: (mode: Mode) => void, pause: (paused: boolean) => void}} Actions */

/** What the space bar does in each mode. @type {Record<Mode, string>} */
const SPACE = {
  "hands-free": "page.keys.space.mute",
  "push-to-talk": "page.keys.space.talk",
  "wake-name": "page.keys.space.mute",
};

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {Store} store @param {Actions} actions */
export function showModes(store, actions) {
  const [modes, pause, label, space] = ["#modes", "#pause", "#pause-label", "#keys-space"].map(find);

  store.watch(["mode", "paused", "shown", "role", "connection"], ({ mode, paused, role, connection }) => {
    const off = connection !== "open" || role !== "speaker";
    for (const option of modes.children) {
      option.setAttribute("aria-pressed", String(option.dataset.mode === mode));
      option.disabled = off;
    }
    pause.disabled = off;
    pause.setAttribute("aria-pressed", String(paused));
    label.textContent = t(paused ? "page.resume" : "page.pause");
    space.textContent = t(SPACE[mode]);
  });

  modes.addEventListener("click", (/** @type {any} */ { target }) => {
    const option = target.closest("[data-mode]");
    if (option) actions.mode(option.dataset.mode);
  });
  pause.addEventListener("click", () => actions.pause(!store.state.paused));
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
    addEventListener("keyup", ({ key }) => {
      if (key === " " || key === "Enter") this.release();
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
}
