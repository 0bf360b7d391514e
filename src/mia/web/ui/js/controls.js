// The buttons and keys: microphone, mute, stop.

import { t } from "./i18n.js";
import { SHOWN_KEYS, shownState } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Shown} Shown */
/** @typedef {{toggle: () => void, release: () => void, stop: () => void}} Actions */

/** @type {Record<Shown, string>} */
const STATES = {
  connecting: "page.state.connecting",
  loading: "page.state.loading",
  reconnecting: "page.state.reconnecting",
  ready: "page.state.ready",
  listening: "page.state.listening",
  thinking: "page.state.thinking",
  speaking: "page.state.speaking",
  muted: "page.state.muted",
  observer: "page.state.observer",
};

/** What the large button is, what it says beneath, and what a press does. @type {Record<string, {label: string, action: string}>} */
const MICROPHONE = {
  off: { label: "page.mic.off", action: "page.mic.off.action" },
  waiting: { label: "page.mic.waiting", action: "page.mic.waiting" },
  on: { label: "page.mic.on", action: "page.mic.on.action" },
  muted: { label: "page.mic.muted", action: "page.mic.muted.action" },
  blocked: { label: "page.mic.blocked", action: "page.mic.retry" },
};

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {Store} store @param {Actions} actions */
export function showControls(store, { toggle, release, stop }) {
  const [status, statusText, stage] = [find("#status"), find("#status-text"), find("#stage")];
  const [mic, micLabel, micRelease, stopButton] = [
    find("#mic"),
    find("#mic-label"),
    find("#mic-release"),
    find("#stop"),
  ];

  store.watch([...SHOWN_KEYS, "shown"], (state) => {
    const shown = shownState(state);
    status.dataset.state = shown;
    stage.dataset.state = shown;
    if (statusText.textContent !== t(STATES[shown])) statusText.textContent = t(STATES[shown]);
    stopButton.disabled = state.connection !== "open" || !(state.playing || state.busy);

    const button = state.microphone === "on" && state.muted ? "muted" : state.microphone;
    mic.dataset.state = button;
    mic.setAttribute("aria-label", t(MICROPHONE[button].action));
    mic.title = t(MICROPHONE[button].action);
    micLabel.textContent = t(MICROPHONE[button].label);
    micRelease.disabled = state.microphone !== "on";
  });

  mic.addEventListener("click", toggle);
  micRelease.addEventListener("click", release);
  stopButton.addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") return stop();
    const target = /** @type {Element} */ (event.target);
    if (event.repeat || target.closest("input, textarea, select, [contenteditable]")) return;
    // Space on a focused button or link is that button's own.
    const space = event.key === " " && !target.closest("button, a, summary");
    if (!space && event.key.toLowerCase() !== "m") return;
    event.preventDefault();
    toggle();
  });
}
