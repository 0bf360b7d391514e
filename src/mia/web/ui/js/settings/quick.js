// What one reaches for while live, in one place: voice, speed, pitch, language, how she is spoken
// to, memory, mute and pause.

import { h, icon } from "../dom.js";

/** In this order, as far as this MIA has them. */
const KEYS = [
  "models.tts.voice",
  "models.tts.speed",
  "models.tts.pitch",
  "rag.enabled",
  "memory.enabled",
  "input.mode",
  "language",
];

/** @param {any} page the settings page @returns {HTMLElement} */
export function quick(page) {
  const { app, form } = page;
  const { t } = app;
  const rows = KEYS.filter((key) => form.fields.has(key)).map((key) => page.row(form.fields.get(key)).element);
  return h(
    "section.card.settings-card",
    { "aria-label": t("page.settings.quick") },
    h(
      "div.quick-head",
      {},
      h("div", {}, h("h2", {}, t("page.settings.quick")), h("p.hint", {}, t("page.settings.quick.hint"))),
      switches(page),
    ),
    h("div.rows", {}, rows),
    h("p.quiet.file-line", {}, t("page.settings.file", { file: form.file })),
  );
}

/** Mute and pause, which are no settings, but are looked for here. @param {any} page */
function switches({ app, leaving }) {
  const { t, store, realtime } = app;
  const make = (/** @type {string} */ name, /** @type {string} */ drawing, /** @type {string} */ words) => {
    const button = h("button.button", { type: "button", "aria-pressed": "false" }, icon(drawing), t(words));
    button.addEventListener("click", () =>
      realtime.send({ type: "mia.session.update", [name]: button.getAttribute("aria-pressed") !== "true" }),
    );
    return button;
  };
  const mute = make("muted", "mic-off", "page.settings.mute");
  const pause = make("paused", "pause", "page.pause");
  const unwatch = store.watch(["muted", "paused", "connection", "role"], (/** @type {any} */ state) => {
    mute.setAttribute("aria-pressed", String(state.muted));
    pause.setAttribute("aria-pressed", String(state.paused));
    for (const button of [mute, pause]) button.disabled = state.connection !== "open" || state.role !== "speaker";
  });
  leaving.push(unwatch);
  return h("div.buttons", {}, mute, pause);
}
