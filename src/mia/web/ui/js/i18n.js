// The page's words, in Spanish and English, from the same catalogue the command line uses.

/** @typedef {"es"|"en"} Language */

const KEPT = "mia.language";

/** @type {Record<string, string>} */
let strings = {};
/** @type {Language} */
let current = "es";

/** The language to begin with: chosen here before, else the browser's, else Spanish. @returns {Language} */
export function firstLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (kept === "es" || kept === "en") return kept;
  const known = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === "es" || name === "en");
  return known === "en" ? "en" : "es";
}

/** Counts what was asked for, so that a language that loads slowly cannot come up late. */
let asked = 0;

/** Load a language and put it on the page; false if another was chosen meanwhile. @param {Language} language */
export async function speak(language) {
  const turn = ++asked;
  const answer = await fetch(`/api/v1/strings/${language}`);
  if (!answer.ok) throw new Error(`strings: ${answer.status}`);
  const loaded = await answer.json();
  if (turn !== asked) return false;
  strings = loaded.strings;
  current = language;
  document.documentElement.lang = language;
  fill(document);
  return true;
}

/** Remember what was chosen. @param {Language} language */
export const keep = (language) => localStorage.setItem(KEPT, language);

/** The language the page shows now. */
export const language = () => current;

/** The text of `key`; a missing key shows itself. @param {string} key @param {Record<string, unknown>} [parameters] */
export function t(key, parameters = {}) {
  const text = strings[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in parameters ? String(parameters[name]) : whole));
}

/** Whether there is a text for `key`. @param {string} key */
export const has = (key) => key in strings;

/** @param {ParentNode} root */
export function fill(root) {
  for (const element of root.querySelectorAll("[data-i18n]"))
    element.textContent = t(element.getAttribute("data-i18n") ?? "");
  for (const [mark, attribute] of [
    ["data-i18n-label", "aria-label"],
    ["data-i18n-placeholder", "placeholder"],
    ["data-i18n-title", "title"],
  ]) {
    for (const element of root.querySelectorAll(`[${mark}]`)) {
      const text = t(element.getAttribute(mark) ?? "");
      element.setAttribute(attribute, text);
      if (element.tagName === "BUTTON") element.setAttribute("title", text);
    }
  }
}
