// The conversation goes on while one is on another page: its three buttons, small, in the header.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {Store} store @param {{toggle: () => void, pause: () => void, stop: () => void}} actions */
export function showLive(store, { toggle, pause, stop }) {
  const [mic, pauseButton, stopButton] = ["#live-mic", "#live-pause", "#live-stop"].map(find);
  store.watch(["microphone", "muted", "paused", "playing", "busy", "role", "connection", "shown"], (state) => {
    const hears = state.microphone === "on" && !state.muted && !state.paused;
    const label = t(hears ? "page.mic.on.action" : state.muted ? "page.mic.muted.action" : "page.mic.off.action");
    mic.setAttribute("aria-pressed", String(hears));
    mic.setAttribute("aria-label", label);
    mic.title = label;
    const held = t(state.paused ? "page.resume" : "page.pause");
    pauseButton.setAttribute("aria-pressed", String(state.paused));
    pauseButton.setAttribute("aria-label", held);
    pauseButton.title = held;
    pauseButton.disabled = state.connection !== "open" || state.role !== "speaker";
    stopButton.disabled = state.connection !== "open" || !(state.playing || state.busy);
  });
  showRecording(store);
  mic.addEventListener("click", toggle);
  pauseButton.addEventListener("click", pause);
  stopButton.addEventListener("click", stop);
}

/** While sound is kept it is said on every page; the way to change it is there. @param {Store} store */
function showRecording(store) {
  const mark = find("#recording");
  const words = find("#recording-text");
  store.watch(["recording", "shown"], ({ recording }) => {
    mark.hidden = recording === "none";
    if (mark.hidden) return;
    const what = t(recording === "both" ? "page.recording.both" : "page.recording.hers");
    words.textContent = what;
    mark.title = t("page.recording.change", { what });
    mark.setAttribute("aria-label", mark.title);
  });
}
