// One setting on the page: its name, what it does, its control, what is special about it, and what
// is wrong with it.

import { h, icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { control, secret, spelt } from "./controls.js";
import { RESET } from "./form.js";

/** @typedef {import("./form.js").Field} Field */
/** @typedef {import("./form.js").Form} Form */
/** @typedef {{keep: (field: Field, value: string) => Promise<void>, changed: (field: Field, problem: string) => void}} Actions */

/** Sections whose keys are read when the program begins and not when MIA does. */
const OF_THE_PROGRAM = ["log."];

/** @param {Field} field */
export const ofTheProgram = ({ key }) => OF_THE_PROGRAM.some((start) => key.startsWith(start));

/** What it does, without what only matters to who writes the file by hand. @param {Field} field */
const explained = ({ description }) =>
  (description[language()] ?? "").replace(/; ?null: [^.;]*/g, "").replaceAll("`", "");

let number = 0;

export class Row {
  /** @param {Form} form @param {Field} field @param {Actions} actions */
  constructor(form, field, actions) {
    this.form = form;
    this.field = field;
    const id = `setting-${++number}`;
    const name = field.label[language()] ?? field.key;
    this.problem = h("p.problem", { id: `${id}-problem`, hidden: true });
    this.fromFactory = h("span.quiet");
    this.reset = h(
      "button.icon-only",
      { type: "button", title: t("page.settings.reset"), "aria-label": `${t("page.settings.reset")}: ${name}` },
      icon("undo"),
    );
    this.reset.addEventListener("click", () => {
      form.put(field.key, RESET);
      this.show();
      this.complain("");
      actions.changed(field, "");
      this.control.focus.focus();
    });
    if (field.kind === "secret") {
      const made = secret(field, form.secrets[field.key] ?? "", (value) => actions.keep(field, value), id);
      this.control = { ...made, show: () => {}, wide: true };
    } else {
      this.control = control(
        field,
        form.value(field.key),
        (value, problem = "") => {
          if (!problem) form.put(field.key, value);
          this.complain(problem);
          this.mark();
          actions.changed(field, problem);
        },
        id,
      );
    }
    const { focus, element, wide } = this.control;
    focus.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
    const labelled = ["DIV"].includes(focus.tagName);
    const label = h(
      labelled ? "span.row-name" : "label.row-name",
      { id: `${id}-label`, ...(!labelled && { for: id }) },
      name,
    );
    this.element = h(
      `div.row${wide ? ".wide" : ""}`,
      { data: { key: field.key } },
      h(
        "div.row-words",
        {},
        h("div.row-head", {}, label, this.marks(), this.fromFactory),
        h("p.hint", { id: `${id}-hint` }, explained(field)),
        this.problem,
      ),
      h("div.row-control", {}, element, this.reset),
    );
    this.mark();
  }

  marks() {
    const { waiting, live, kind } = this.field;
    if (waiting) return h("span.tag.warn", {}, t("page.settings.waiting"));
    if (kind === "secret") return null;
    if (live) return h("span.tag.good", {}, t("page.settings.live"));
    return ofTheProgram(this.field) ? h("span.tag", {}, t("page.settings.program")) : null;
  }

  /** Show what the form holds. */
  show() {
    if (this.field.kind !== "secret") this.control.show(this.form.value(this.field.key));
    this.mark();
  }

  /** Show whether it is other than MIA comes, and whether it is saved. */
  mark() {
    const { key, kind } = this.field;
    const changed = kind !== "secret" && this.form.changed(key);
    this.element.toggleAttribute("data-changed", changed);
    this.element.toggleAttribute("data-unsaved", this.form.draft.has(key));
    this.reset.hidden = !changed;
    this.fromFactory.textContent = changed
      ? t("page.settings.default", { value: spelt(this.field, this.form.initial(key)) })
      : "";
    this.element.setAttribute("title", key);
  }

  /** @param {string} text nothing: it is well */
  complain(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text;
    if (text) this.control.focus.setAttribute("aria-invalid", "true");
    else this.control.focus.removeAttribute("aria-invalid");
  }
}
