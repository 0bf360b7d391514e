// Her voice by its name, out of those there are; where nobody can say, it is typed.

import { h } from "../dom.js";

export const VOICE = "models.tts.voice";
export const BACKEND = "models.tts.backend";

/** @typedef {{id: string, name: string, language: string, backend: string}} Voice */

/** The voices there are, asked for once for the page. @type {Promise<Voice[]>|null} */
let offered = null;

/** @param {import("../pages.js").App} app @returns {Promise<Voice[]>} */
function ask(app) {
  offered ??= app.api("/api/v1/voices").then(({ voices }) => voices);
  // She may have a voice the next time.
  offered.catch(() => (offered = null));
  return offered;
}

/**
 * Puts the list of voices in the place of the field of `row`.
 * @param {any} page the settings page @param {import("./row.js").Row} row
 */
export async function offerVoices(page, row) {
  const { app, form } = page;
  /** @type {Voice[]} */
  let voices;
  try {
    voices = await ask(app);
  } catch {
    return;
  }
  if (voices.length === 0) return;
  const names = new Intl.DisplayNames([app.language()], { type: "language" });
  const here = (/** @type {string} */ language) => Number(language === app.language());
  const languages = [...new Set(voices.map(({ language }) => language))].sort((a, b) => here(b) - here(a));
  const value = (/** @type {Voice} */ { backend, id }) => `${backend}\n${id}`;
  const list = h(
    "select.select",
    { id: row.control.focus.id, "aria-describedby": row.control.focus.getAttribute("aria-describedby") },
    h("option", { value: "" }, app.t("page.settings.voice.own")),
    languages.map((language) =>
      h(
        "optgroup",
        { label: language ? capital(names.of(language) ?? language) : "—" },
        voices
          .filter((voice) => voice.language === language)
          .map((voice) => h("option", { value: value(voice) }, `${voice.name} · ${voice.backend}`)),
      ),
    ),
  );
  const show = () => {
    const chosen = form.value(VOICE);
    const found = voices.find((voice) => voice.id === chosen && [voice.backend, "auto"].includes(form.value(BACKEND)));
    list.value = found ? value(found) : "";
  };
  list.addEventListener("change", () => {
    const [backend, id] = list.value ? list.value.split("\n") : ["", null];
    if (backend && backend !== form.value(BACKEND)) {
      form.put(BACKEND, backend);
      page.toTry.add(BACKEND);
    }
    form.put(VOICE, id);
    page.changed(row.field, "");
  });
  row.control.element.replaceWith(list);
  row.control = { element: list, focus: list, show };
  show();
}

/** @param {string} word */
const capital = (word) => word.slice(0, 1).toUpperCase() + word.slice(1);
