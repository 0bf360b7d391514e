// One control for each kind of setting. Every one tells its value through `change` and can be
// given another with `show`.

import { h, icon } from "../dom.js";
import { has, language, t } from "../i18n.js";

/** @typedef {import("./form.js").Field} Field */

/**
 * @typedef {object} Control
 * @property {HTMLElement} element
 * @property {HTMLElement} focus what carries label and error
 * @property {(value: any) => void} show
 * @property {boolean} [wide] it wants a line of its own
 */

/** @typedef {(value: any, problem?: string) => void} Change */

/** Letters for which there is room side by side. */
const SEGMENTS = 50;

/** A choice in the page's words. @param {Field} field @param {unknown} choice */
export function choiceName({ key }, choice) {
  const last = key.split(".").at(-1) === "fallback" ? "backend" : key.split(".").at(-1);
  const known = `choice.${last}.${choice}`;
  return has(known) ? t(known) : String(choice);
}

/** @param {Field} field */
export function unitName({ unit, key }) {
  if (!unit && key.endsWith("_ms")) unit = "ms";
  if (!unit && key.endsWith("_s")) unit = "s";
  return unit ? (has(`unit.${unit}`) ? t(`unit.${unit}`) : unit) : "";
}

/** A value as the page writes it. @param {Field} field @param {any} value @returns {string} */
export function spelt(field, value) {
  if (value === null || value === undefined) return t("page.settings.null");
  if (typeof value === "boolean" && field.kind === "boolean")
    return t(value ? "page.settings.on" : "page.settings.off");
  if (field.kind === "choice") return choiceName(field, value);
  if (Array.isArray(value)) return value.length ? value.map((one) => choiceName(field, one)).join(", ") : "—";
  if (typeof value === "object") return Object.keys(value).length ? Object.keys(value).join(", ") : "—";
  if (value === "") return "—";
  const unit = unitName(field);
  const number = typeof value === "number" ? value.toLocaleString(language(), { maximumFractionDigits: 3 }) : value;
  return unit ? `${number} ${unit}` : String(number);
}

/** @param {Field} field @param {any} value @param {Change} change @param {string} id @returns {Control} */
export function control(field, value, change, id) {
  const made = make(field, change, id);
  made.show(value);
  return made;
}

/** @param {Field} field @param {Change} change @param {string} id @returns {Control} */
function make(field, change, id) {
  if (field.kind === "boolean") return field.nullable ? select(field, [true, false], change, id) : toggle(change, id);
  if (field.kind === "choice") {
    const choices = field.choices ?? [];
    const letters = choices.map((choice) => choiceName(field, choice)).join("").length;
    return choices.length <= 3 && letters <= SEGMENTS && !field.nullable
      ? segments(field, choices, change, id)
      : select(field, choices, change, id);
  }
  if (field.kind === "integer" || field.kind === "number")
    return step(field) !== null ? slider(field, change, id) : number(field, change, id);
  if (field.kind === "list") return field.choices ? chips(field, change, id) : words(field, change, id);
  if (field.kind === "map") return pairs(change, id);
  return text(field, change, id);
}

/** @param {Change} change @param {string} id @returns {Control} */
function toggle(change, id) {
  const input = h("input.toggle", { id, type: "checkbox", role: "switch", onchange: () => change(input.checked) });
  return { element: input, focus: input, show: (value) => (input.checked = value === true) };
}

/** @param {Field} field @param {any[]} choices @param {Change} change @param {string} id @returns {Control} */
function segments(field, choices, change, id) {
  const inputs = choices.map((choice) =>
    h("input", { type: "radio", name: id, value: String(choice), onchange: () => change(choice) }),
  );
  const group = h(
    "div.segments",
    { id, role: "radiogroup", "aria-labelledby": `${id}-label` },
    choices.map((choice, n) => h("label", {}, inputs[n], h("span", {}, choiceName(field, choice)))),
  );
  const show = (/** @type {any} */ value) => inputs.forEach((input, n) => (input.checked = choices[n] === value));
  return { element: group, focus: group, show };
}

/** @param {Field} field @param {any[]} choices @param {Change} change @param {string} id @returns {Control} */
function select(field, choices, change, id) {
  const every = field.nullable ? [null, ...choices] : choices;
  const name = (/** @type {any} */ choice) =>
    choice === null
      ? t("page.settings.null")
      : field.kind === "boolean"
        ? t(choice ? "page.settings.on" : "page.settings.off")
        : choiceName(field, choice);
  const list = h(
    "select.select",
    { id, onchange: () => change(every[list.selectedIndex]) },
    every.map((choice) => h("option", {}, name(choice))),
  );
  return { element: list, focus: list, show: (value) => (list.selectedIndex = every.indexOf(value)) };
}

/** The step of a slider; null where a slider would be too coarse or too long. @param {Field} field */
function step({ kind, nullable, minimum, above, maximum, below }) {
  const least = minimum ?? above;
  const most = maximum ?? below;
  if (nullable || least === undefined || most === undefined) return null;
  const range = most - least;
  if (kind === "integer") return range <= 40 ? 1 : null;
  if (range > 60) return null;
  return [0.01, 0.05, 0.1, 0.5].find((size) => range / size <= 110) ?? 1;
}

/** @param {Field} field @param {Change} change @param {string} id @returns {Control} */
function slider(field, change, id) {
  const size = step(field) ?? 1;
  const least = field.minimum ?? (field.above ?? 0) + size;
  const most = field.maximum ?? (field.below ?? 0) - size;
  const unit = unitName(field);
  const said = h("output.slider-value.number", { for: id });
  const input = h("input.range", { id, type: "range", min: least, max: most, step: size });
  const show = (/** @type {number} */ value) => {
    input.value = String(value);
    input.style.setProperty("--at", `${((Number(value) - least) / (most - least)) * 100}%`);
    said.textContent = spelt(field, value);
    input.setAttribute("aria-valuetext", said.textContent);
  };
  input.addEventListener("input", () => {
    show(Number(input.value));
    change(Number(input.value));
  });
  return { element: h("div.slider", { data: { unit } }, input, said), focus: input, show };
}

/** @param {Field} field @param {Change} change @param {string} id @returns {Control} */
function number(field, change, id) {
  const least = field.minimum ?? field.above;
  const most = field.maximum ?? field.below;
  const input = h("input.input.number", {
    id,
    type: "text",
    inputmode: field.kind === "integer" && (least ?? -1) >= 0 ? "numeric" : "decimal",
    autocomplete: "off",
    placeholder: field.nullable ? t("page.settings.null") : "",
  });
  input.addEventListener("input", () => {
    const typed = input.value.trim().replace(",", ".");
    if (typed === "" && field.nullable) return change(null);
    const value = Number(typed);
    if (typed === "" || !Number.isFinite(value) || (field.kind === "integer" && !Number.isInteger(value)))
      return change(typed, t("page.settings.number.wrong"));
    const low = least !== undefined && value < least;
    const high = most !== undefined && value > most;
    if ((low || high) && least !== undefined && most !== undefined)
      return change(value, t("page.settings.number.range", { least, most }));
    change(value);
  });
  const show = (/** @type {any} */ value) => (input.value = value === null || value === undefined ? "" : String(value));
  const unit = unitName(field);
  return { element: h("div.with-unit", {}, input, unit && h("span.unit", {}, unit)), focus: input, show };
}

/** @param {Field} field @param {Change} change @param {string} id @returns {Control} */
function text(field, change, id) {
  const long = field.kind === "text";
  const input = h(long ? "textarea.area" : "input.input", {
    id,
    ...(long ? { rows: 4 } : { type: "text" }),
    autocomplete: "off",
    spellcheck: "false",
    maxlength: field.length,
    placeholder: field.nullable ? t("page.settings.null") : "",
  });
  input.addEventListener("input", () => {
    const typed = long ? input.value : input.value.trim();
    if (typed === "" && field.nullable) return change(null);
    change(field.numeric && /^\d+$/.test(typed) ? Number(typed) : typed);
  });
  return { element: input, focus: input, show: (value) => (input.value = value ?? ""), wide: long };
}

/** Free words, separated by commas. @param {Field} _field @param {Change} change @param {string} id @returns {Control} */
function words(_field, change, id) {
  const input = h("input.input", { id, type: "text", autocomplete: "off", placeholder: t("page.settings.list.hint") });
  input.addEventListener("input", () =>
    change(
      input.value
        .split(",")
        .map((/** @type {string} */ word) => word.trim())
        .filter(Boolean),
    ),
  );
  return { element: input, focus: input, show: (value) => (input.value = (value ?? []).join(", ")) };
}

/** Some of a few, in the order they were chosen. @param {Field} field @param {Change} change @param {string} id @returns {Control} */
function chips(field, change, id) {
  /** @type {any[]} */
  let chosen = [];
  const buttons = (field.choices ?? []).map((choice) => {
    const number = h("span.chip-number");
    const button = h("button.chip", { type: "button" }, number, choiceName(field, choice));
    button.addEventListener("click", () => {
      chosen = chosen.includes(choice) ? chosen.filter((one) => one !== choice) : [...chosen, choice];
      mark();
      change(chosen);
    });
    return { choice, button, number };
  });
  const mark = () => {
    for (const { choice, button, number } of buttons) {
      const place = chosen.indexOf(choice);
      button.setAttribute("aria-pressed", String(place >= 0));
      number.textContent = place >= 0 ? `${place + 1}` : "";
    }
  };
  const group = h(
    "div.chips",
    { id, role: "group", "aria-labelledby": `${id}-label` },
    buttons.map(({ button }) => button),
  );
  const show = (/** @type {any} */ value) => {
    chosen = [...(value ?? [])];
    mark();
  };
  return { element: group, focus: group, show, wide: true };
}

/** Pairs, one a line. @param {Change} change @param {string} id @returns {Control} */
function pairs(change, id) {
  const input = h("textarea.area.mono", { id, rows: 3, spellcheck: "false", placeholder: t("page.settings.map.hint") });
  let lists = false;
  input.addEventListener("input", () => {
    /** @type {Record<string, any>} */
    const found = {};
    for (const line of input.value.split("\n").filter((/** @type {string} */ one) => one.trim())) {
      const [name, ...rest] = line.split(":");
      const value = rest.join(":").trim();
      if (!rest.length || !name.trim()) return change(null, t("page.settings.map.wrong", { line: line.slice(0, 40) }));
      found[name.trim()] =
        lists || value.startsWith("[")
          ? value
              .replace(/^\[|\]$/g, "")
              .split(",")
              .map((/** @type {string} */ one) => one.trim())
              .filter(Boolean)
          : value;
    }
    change(found);
  });
  const show = (/** @type {any} */ value) => {
    const entries = Object.entries(value ?? {});
    lists = entries.some(([, one]) => Array.isArray(one));
    input.value = entries
      .map(([name, one]) => `${name}: ${Array.isArray(one) ? `[${one.join(", ")}]` : one}`)
      .join("\n");
    input.rows = Math.max(3, Math.min(10, entries.length + 1));
  };
  return { element: input, focus: input, show, wide: true };
}

/**
 * A secret: it goes in and never comes out.
 * @param {Field} field @param {string} source where it comes from now @param {(value: string) => Promise<void>} keep @param {string} id
 */
export function secret(field, source, keep, id) {
  const words = {
    environment: "page.settings.secret.env",
    dotenv: "page.settings.secret.set",
    file: "page.settings.secret.set",
  }[source];
  const state = h(
    `span.tag${words ? ".good" : ""}`,
    {},
    icon("lock"),
    t(words ?? "page.settings.secret.unset", { variable: field.env }),
  );
  const input = h("input.input", {
    id,
    type: "password",
    autocomplete: "new-password",
    placeholder: t("page.settings.secret.new"),
  });
  const button = h("button.button.small", { type: "button", disabled: true }, t("page.settings.secret.keep"));
  input.addEventListener("input", () => (button.disabled = input.value.trim() === ""));
  button.addEventListener("click", async () => {
    const value = input.value.trim();
    input.value = "";
    button.disabled = true;
    await keep(value);
  });
  return { element: h("div.secret", {}, state, h("div.secret-new", {}, input, button)), focus: input };
}
