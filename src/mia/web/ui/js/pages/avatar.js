// Where her face is shown: each place with its state in plain words, a switch, and what there is to
// choose; for VTube Studio, which look of the model shows which of her expressions.

import { ApiError } from "../api.js";
import { webFace } from "../avatar/web.js";
import { Looks } from "../avatar/looks.js";
import { h } from "../dom.js";
import { Form } from "../settings/form.js";
import { Row } from "../settings/row.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {{name: string, status: string, problem: {text: Record<string, string>}|null, details: Record<string, any>}} Output */

/** The places, and what of each is worth choosing here. The rest is among the settings. */
const PLACES = [
  { name: "vts", keys: ["enabled", "host", "port"], ours: "enabled" },
  { name: "vmc", keys: ["enabled", "host", "port", "names"], ours: "enabled" },
  { name: "osc", keys: ["enabled", "host", "port", "preset", "addresses"], ours: "enabled" },
];
/** How often it is looked how they are doing. */
const LOOK_MS = 2000;
const CALM_MS = 500;

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const form = new Form(app);
  const [, state] = await Promise.all([form.load(), app.api("/api/v1/avatar")]);
  const page = new AvatarPage(root, app, form);
  page.draw();
  page.show(state.outputs);
  return () => page.close();
}

class AvatarPage {
  /** @param {HTMLElement} root @param {App} app @param {Form} form */
  constructor(root, app, form) {
    this.root = root;
    this.app = app;
    this.form = form;
    this.open = true;
    /** @type {Map<string, {dot: HTMLElement, words: HTMLElement, help: HTMLElement}>} */
    this.states = new Map();
    this.looks = new Looks(app, form);
    this.saving = 0;
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  close() {
    this.open = false;
    clearInterval(this.timer);
    clearTimeout(this.saving);
  }

  draw() {
    const places = PLACES.filter(({ name }) => this.form.fields.has(`avatar.outputs.${name}.enabled`));
    this.root.append(
      h("p.lead", {}, this.app.t("page.avatar.lead")),
      webFace(this.app),
      h(
        "div.places",
        {},
        places.map((place) => this.place(place)),
      ),
    );
  }

  /** @param {typeof PLACES[number]} place */
  place({ name, keys }) {
    const { t } = this.app;
    const dot = h("span.dot");
    const words = h("span.place-state");
    const help = h("p.hint");
    this.states.set(name, { dot, words, help });
    const title = t(`page.avatar.output.${name}`);
    return h(
      `section.card.place.place-${name}`,
      { "aria-label": title, data: { output: name } },
      h("div.place-head", {}, h("h2", {}, title), h("p", { role: "status" }, dot, words)),
      h("p.hint", {}, t(`page.avatar.output.${name}.hint`)),
      help,
      h(
        "div.rows",
        {},
        keys.map((key) => this.row(`avatar.outputs.${name}.${key}`)),
      ),
      name === "vts" && this.looks.element,
      h("a.more-settings", { href: "#/settings/outputs" }, t("page.avatar.more")),
    );
  }

  /** @param {string} key */
  row(key) {
    const field = this.form.fields.get(key);
    if (!field) return null;
    const row = new Row(this.form, field, {
      keep: async () => {},
      changed: (_, problem) => {
        clearTimeout(this.saving);
        if (!problem) this.saving = setTimeout(() => void this.save(row), CALM_MS);
      },
    });
    return row.element;
  }

  /** Everything here counts at once, so it is saved at once. @param {Row} row */
  async save(row) {
    try {
      await this.form.save();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { fields } = error.problem;
      return row.complain(fields?.[0].text[this.app.language()] ?? error.message);
    }
    if (!this.open) return;
    row.mark();
    await this.look();
  }

  async look() {
    if (document.visibilityState !== "visible") return;
    try {
      const { outputs } = await this.app.api("/api/v1/avatar");
      if (this.open) this.show(outputs);
    } catch (error) {
      // She is away for a moment; the header says so.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** @param {Output[]} outputs */
  show(outputs) {
    const { t } = this.app;
    for (const [name, { dot, words, help }] of this.states) {
      const output = outputs.find((one) => one.name === name);
      const status = output?.status ?? "off";
      dot.className = `dot ${{ connected: "good", waiting: "warn", failed: "bad" }[status] ?? ""}`;
      const model = output?.details.model;
      const text =
        status === "connected" && model ? t("page.avatar.state.model", { model }) : t(`page.avatar.state.${status}`);
      if (words.textContent !== text) words.textContent = text;
      const what =
        output?.problem?.text[this.app.language()] ??
        (status === "searching" && name === "vts" ? t("page.avatar.vts.how") : "");
      if (help.textContent !== what) help.textContent = what;
      help.hidden = !what;
      help.classList.toggle("problem", status === "failed");
    }
    this.looks.show(outputs.find(({ name }) => name === "vts"));
  }
}
