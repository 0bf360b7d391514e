// How long the last answer took: voice to voice, and what the time went into.

import { has, language, t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */

/** In the order they happen. */
const STAGES = ["stt", "memory", "first_piece", "first_clause", "first_sound"];
const NAMES = {
  stt: "page.stage.stt",
  memory: "page.stage.memory",
  first_piece: "page.stage.first_piece",
  first_clause: "page.stage.first_clause",
  first_sound: "page.stage.first_sound",
};
/** Moments, not stretches: not part of the bar. */
const MOMENTS = ["gate", "v2v"];

/** @param {string} stage */
const nameOf = (stage) => {
  const key = NAMES[/** @type {keyof typeof NAMES} */ (stage)] ?? "";
  return has(key) ? t(key) : stage.replaceAll("_", " ");
};

/** @param {number} ms */
const format = (ms) =>
  ms < 1000
    ? `${Math.round(ms)} ms`
    : `${(ms / 1000).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;

/** @param {Store} store */
export function showTiming(store) {
  const place = /** @type {HTMLElement} */ (document.querySelector("#timing"));
  const total = /** @type {HTMLElement} */ (document.querySelector("#timing-total"));
  const bar = /** @type {HTMLElement} */ (document.querySelector("#timing-bar"));
  const legend = /** @type {HTMLElement} */ (document.querySelector("#timing-legend"));

  store.watch(["timing", "shown"], ({ timing }) => {
    const rank = (/** @type {string} */ stage) => STAGES.indexOf(stage) + 1 || STAGES.length + 1;
    const stages = Object.entries(timing?.stages ?? {})
      .filter(([stage, ms]) => !MOMENTS.includes(stage) && ms >= 1)
      .sort(([a], [b]) => rank(a) - rank(b));
    place.hidden = stages.length === 0 && timing?.v2v_ms == null;
    total.textContent = timing?.v2v_ms == null ? "" : format(timing.v2v_ms);
    bar.setAttribute("aria-label", stages.map(([stage, ms]) => `${nameOf(stage)} ${format(ms)}`).join(", "));
    bar.replaceChildren(
      ...stages.map(([, ms], n) => {
        const stretch = document.createElement("span");
        stretch.dataset.colour = String(Math.min(n, 4));
        stretch.style.flexGrow = String(ms);
        return stretch;
      }),
    );
    legend.replaceChildren(
      ...stages.map(([stage, ms], n) => {
        const entry = document.createElement("li");
        entry.dataset.colour = String(Math.min(n, 4));
        entry.textContent = `${nameOf(stage)} ${format(ms)}`;
        return entry;
      }),
    );
  });
}
