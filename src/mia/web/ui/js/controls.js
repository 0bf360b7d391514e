// The buttons and keys: microphone, mute, stop.

import { t } from "./i18n.js";
import { SHOWN_KEYS, shownState } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Shown} Shown */
/** @typedef {{toggle: () => void, mute: () => void, pause: () => void, release: () => void, stop: () => void, again: () => void, talk: import("./modes.js").TalkKey}} Actions */

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
  panic: "page.state.panic",
  paused: "page.state.paused",
  waiting: "page.state.waiting",
  named: "page.state.named",
  observer: "page.state.observer",
};

/** What the large button is, what it says beneath, and what a press does. @type {Record<string, {label: string, action: string}>} */
const MICROPHONE = {
  off: { label: "page.mic.off", action: "page.mic.off.action" },
  waiting: { label: "page.mic.waiting", action: "page.mic.waiting" },
  on: { label: "page.mic.on", action: "page.mic.on.action" },
  muted: { label: "page.mic.muted", action: "page.mic.muted.action" },
  hold: { label: "page.mic.hold", action: "page.mic.hold" },
  held: { label: "page.mic.held", action: "page.mic.hold" },
  named: { label: "page.mic.named", action: "page.mic.on.action" },
  paused: { label: "page.state.paused", action: "page.resume" },
  call: { label: "page.mic.call", action: "page.mic.call.hint" },
  blocked: { label: "page.mic.blocked", action: "page.mic.retry" },
};

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {Store} store @param {Actions} actions */
export function showControls(store, { toggle, mute, pause, release, stop, again, talk }) {
  const [status, statusText, stage] = [find("#status"), find("#status-text"), find("#stage")];
  const [mic, micLabel, micRelease, stopButton] = [
    find("#mic"),
    find("#mic-label"),
    find("#mic-release"),
    find("#stop"),
  ];

  const againButton = find("#again");
  store.watch(["messages", "connection", "role"], ({ messages, connection, role }) => {
    const said = messages.some((one) => one.role === "assistant" && one.text);
    againButton.disabled = !said || connection !== "open" || role !== "speaker";
  });
  againButton.addEventListener("click", again);
  store.watch([...SHOWN_KEYS, "shown", "names", "persona", "call"], (state) => {
    const shown = shownState(state);
    status.dataset.state = shown;
    stage.dataset.state = shown;
    if (statusText.textContent !== t(STATES[shown])) statusText.textContent = t(STATES[shown]);
    stopButton.disabled = state.connection !== "open" || !(state.playing || state.busy);

    const button = buttonState(state);
    mic.dataset.state = button;
    mic.setAttribute("aria-label", t(MICROPHONE[button].action));
    mic.title = t(MICROPHONE[button].action);
    micLabel.textContent = t(MICROPHONE[button].label, {
      name: state.call || (state.names[0] ?? state.persona),
    });
    mic.disabled = button === "call";
    micRelease.disabled = state.microphone !== "on";
  });

  mic.addEventListener("click", () => {
    if (!talk.actions.active()) toggle();
  });
  // A button that was clicked would keep the space bar for itself.
  find(".dock").addEventListener("click", (/** @type {MouseEvent} */ { detail }) => {
    if (detail > 0 && document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  micRelease.addEventListener("click", release);
  stopButton.addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // Escape closes what lies on top first.
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return stop();
    const target = /** @type {Element} */ (event.target);
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    // Space on a focused button or link is that button's own; on the microphone it is held.
    const other = target.closest("button, a, summary");
    // On the other pages the bar scrolls, as everywhere, unless it is the key one talks with.
    if (event.key === " " && find("#talk").hidden && !talk.actions.active()) return;
    const held = [" ", "Enter"].includes(event.key) && other === mic && talk.actions.active();
    if (held || (event.key === " " && !other)) {
      event.preventDefault();
      if (event.repeat) return;
      if (mic.disabled) return;
      if (talk.actions.active()) talk.press();
      else toggle();
    } else if (event.repeat) return;
    else if (event.key.toLowerCase() === "m") mute();
    else if (event.key.toLowerCase() === "p") pause();
    else if (event.key.toLowerCase() === "r" && !againButton.disabled) again();
  });
}

/** What the large button is just now. @param {import("./store.js").State} state */
function buttonState(state) {
  if (state.call) return "call";
  if (state.microphone !== "on") return state.microphone;
  if (state.paused) return "paused";
  if (state.muted) return "muted";
  if (state.mode === "push-to-talk") return state.pressed ? "held" : "hold";
  return state.mode === "wake-name" && !state.meant ? "named" : "on";
}
