// Who MIA is: the characters there are, their prompt files, and character cards in and out.

import { ApiError } from "../api.js";
import { ask, h, icon } from "../dom.js";
import { FaceEditor, Missing } from "../personas/face.js";
import { portrait } from "../puppet/portrait.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {{id: string, name: string, current: boolean, files: Record<string, string>, settings: Record<string, any>, picture: boolean, face: import("../personas/face.js").Face, model: string}} Persona */

const PATH = "/api/v1/personas";
const TAGS = "avatar.expressions.tags";
const LANGUAGES = ["es", "en", "auto"];

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const page = new PersonasPage(root, app);
  await page.load(decodeURIComponent(app.path[0] ?? ""));
  return () => page.close();
}

class PersonasPage {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.app = app;
    this.open = true;
    /** @type {Persona[]} */
    this.personas = [];
    this.chosen = "";
    /** Names of the user's own expressions. @type {string[]} */
    this.own = [];
    /** @type {FaceEditor|null} */
    this.face = null;
    this.list = h("ul.persona-list");
    this.place = h("div.persona-place");
    this.editing = h("div.personas", {}, this.list, this.place);
    const file = h("input", {
      type: "file",
      accept: ".png,.json,image/png,application/json",
      "aria-label": app.t("page.personas.import"),
    });
    file.addEventListener("change", () => {
      const [chosen] = file.files;
      file.value = "";
      if (chosen) void this.take(chosen);
    });
    root.append(
      h(
        "div.toolbar",
        {},
        h("p.lead", {}, app.t("page.personas.lead")),
        h("span.push"),
        h(
          "button.button",
          { type: "button", onclick: () => void this.create() },
          icon("plus"),
          app.t("page.personas.new"),
        ),
        h("span.button.file-button", {}, icon("upload"), app.t("page.personas.import"), file),
      ),
      this.editing,
    );
  }

  close() {
    this.open = false;
    this.face?.close();
  }

  /** @param {string} [show] the id of the one to be shown */
  async load(show) {
    const [{ personas }, { values }] = await Promise.all([this.app.api(PATH), this.app.api("/api/v1/config")]);
    if (!this.open) return;
    this.personas = personas;
    this.own = Object.keys(values[TAGS] ?? {});
    const wanted = personas.find((/** @type {Persona} */ one) => one.id === show);
    this.chosen = (wanted ?? personas.find((/** @type {Persona} */ one) => one.current) ?? personas[0])?.id ?? "";
    this.draw();
  }

  draw() {
    const { t } = this.app;
    this.list.replaceChildren(
      ...this.personas.map((persona) => {
        const button = h(
          "button.persona-link",
          { type: "button", "aria-pressed": String(persona.id === this.chosen) },
          face(persona),
          h("span.persona-name", {}, persona.name),
          persona.current && h("span.tag.good", {}, t("page.personas.current")),
        );
        button.addEventListener("click", () => {
          this.chosen = persona.id;
          this.draw();
        });
        return h("li", {}, button);
      }),
    );
    const persona = this.personas.find(({ id }) => id === this.chosen);
    if (persona) this.place.replaceChildren(this.editor(persona));
  }

  /** @param {Persona} persona */
  editor(persona) {
    const { t } = this.app;
    const name = h("input.input", {
      id: "persona-name",
      type: "text",
      maxlength: 80,
      value: persona.name,
      autocomplete: "off",
      readonly: !(persona.id !== "" || persona.current),
    });
    const language = h(
      "select.select",
      { id: "persona-language" },
      h("option", { value: "" }, t("page.personas.language.keep")),
      LANGUAGES.map((code) => h("option", { value: code }, t(`choice.language.${code}`))),
    );
    language.value = persona.settings.language ?? "";
    const voice = h("input.tick", {
      id: "persona-voice",
      type: "checkbox",
      checked: "models.tts.voice" in persona.settings,
    });
    // Who she was before has no folder of ours: she is written once she is back.
    const editable = persona.id !== "" || persona.current;
    this.face?.close();
    const looks = persona.id === "" ? null : new FaceEditor(this.app, persona, this.own);
    this.face = looks;
    const files = h("div.persona-files");
    const entries = Object.entries(persona.files);
    for (const [file, text] of entries) files.append(fileField(file, text, t));
    if (!editable) files.inert = true;
    const problem = h("p.problem", { role: "alert", hidden: true });
    const empty = h("p.hint", { hidden: entries.length > 0 }, t("page.personas.packaged"));
    const add = h("button.button.small.plain", { type: "button" }, icon("plus"), t("page.personas.file.new"));
    add.addEventListener("click", () => {
      empty.hidden = true;
      const field = fileField(`${files.children.length + 1}0-${t("page.personas.file.name")}.md`, "", t);
      files.append(field);
      field.querySelector("textarea")?.focus();
    });
    const save = h("button.button.primary", { type: "submit" }, t("page.settings.save"));
    const form = h(
      "form.card.persona",
      {},
      h(
        "div.persona-head",
        {},
        face(persona),
        h("div.field", {}, h("label", { for: "persona-name" }, t("page.personas.name")), name),
        persona.id !== "" &&
          h("div.field", {}, h("label", { for: "persona-language" }, t("page.personas.language")), language),
      ),
      persona.id !== "" && h("label.only", { for: "persona-voice" }, voice, t("page.personas.voice")),
      looks ? looks.element : h("p.hint", {}, t("page.personas.face.copy_first")),
      h("h2", {}, t("page.personas.files")),
      h("p.hint", {}, t("page.personas.files.hint")),
      empty,
      files,
      editable && add,
      problem,
      h(
        "div.buttons.persona-buttons",
        {},
        editable && save,
        !persona.current &&
          this.button(editable ? "choose" : "primary", "check", "page.personas.choose", () => this.choose(persona)),
        persona.id !== "" && this.link(persona, "png"),
        persona.id !== "" && this.link(persona, "json"),
        this.button("plain", "copy", "page.personas.copy", () => this.copy(persona)),
        persona.id !== "" &&
          !persona.current &&
          this.button("danger", "trash", "page.personas.delete", () => this.remove(persona)),
      ),
    );
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.tell(problem, async () => {
        /** @type {Record<string, any>} */
        const body = {
          name: name.value.trim(),
          files: read(files),
          settings: await this.brought(persona, language.value, voice.checked),
          ...(looks && { face: await looks.kept() }),
        };
        await this.app.api(`${PATH}/${persona.id || "current"}`, { method: "PUT", body });
        // Another face is hers at once, without a new beginning.
        const anew = ["name", "files", "settings"].some((part) => !same(/** @type {any} */ (persona)[part], body[part]));
        const key = persona.current && anew ? "page.personas.saved.current" : "page.personas.saved";
        this.app.notices.toast("info", this.app.t(key));
        await this.load(persona.id);
      });
    });
    return form;
  }

  /** What of the settings a persona brings along. @param {Persona} persona @param {string} language @param {boolean} withVoice */
  async brought(persona, language, withVoice) {
    /** @type {Record<string, any>} */
    const settings = language ? { language } : {};
    if (!withVoice) return settings;
    if ("models.tts.voice" in persona.settings) {
      for (const [key, value] of Object.entries(persona.settings)) if (key.startsWith("models.")) settings[key] = value;
      return settings;
    }
    const { values } = await this.app.api("/api/v1/config");
    for (const part of ["backend", "voice", "speed", "pitch"])
      settings[`models.tts.${part}`] = values[`models.tts.${part}`];
    return settings;
  }

  /** @param {string} kind @param {string} drawing @param {string} words @param {() => Promise<void>} run */
  button(kind, drawing, words, run) {
    return h(
      `button.button.${kind}`,
      { type: "button", onclick: () => void this.tell(null, run) },
      icon(drawing),
      this.app.t(words),
    );
  }

  /** @param {Persona} persona @param {"png"|"json"} kind */
  link(persona, kind) {
    return h(
      "a.button",
      { href: `${PATH}/${persona.id}/card.${kind}`, download: `${persona.id}.${kind}` },
      icon("download"),
      this.app.t("page.personas.export", { kind: kind.toUpperCase() }),
    );
  }

  async create() {
    let made = false;
    await this.tell(null, async () => {
      const { id } = await this.app.api(PATH, { body: { name: this.app.t("page.personas.new.name") } });
      await this.load(id);
      made = true;
    });
    if (made) document.getElementById("persona-name")?.focus();
  }

  /** @param {File} file */
  async take(file) {
    await this.tell(null, async () => {
      const made = await this.app.api(`${PATH}/import`, { method: "POST", body: file });
      this.app.notices.toast("info", this.app.t("page.personas.imported", { name: made.name }));
      await this.load(made.id);
    });
  }

  /** @param {Persona} persona */
  async copy({ id, name, files, settings, face }) {
    const copied = this.app.t("page.personas.copy.name", { name }).slice(0, 80);
    const made = await this.app.api(PATH, {
      body: { name: copied, files, settings, face, ...(id && { like: id }) },
    });
    await this.load(made.id);
  }

  /** @param {Persona} persona */
  async choose({ id, name }) {
    await this.app.api(`${PATH}/${id || "before"}/choose`, { method: "POST" });
    this.app.notices.toast("info", this.app.t("page.personas.chosen", { name }));
    await this.load(id);
  }

  /** @param {Persona} persona */
  async remove({ id, name }) {
    const { t } = this.app;
    const sure = await ask({
      title: t("page.personas.delete.sure", { name }),
      text: t("page.personas.delete.text"),
      yes: t("page.personas.delete"),
      no: t("page.cancel"),
      danger: true,
    });
    if (!sure) return;
    await this.app.api(`${PATH}/${id}`, { method: "DELETE" });
    await this.load();
  }

  /** @param {HTMLElement|null} place where it is said what went wrong; null: in passing @param {() => Promise<void>} work */
  async tell(place, work) {
    if (place) place.hidden = true;
    // What was changed meanwhile would be gone when the answer is drawn.
    const focused = document.activeElement;
    this.editing.inert = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof Missing)) throw error;
      if (!place) return this.app.notices.toast("error", error.message);
      place.textContent = error.message;
      place.hidden = false;
    } finally {
      this.editing.inert = false;
      if (focused instanceof HTMLElement && this.editing.contains(focused)) focused.focus();
    }
  }
}

/** Whether two plain values say the same, in whatever order. @param {any} a @param {any} b @returns {boolean} */
function same(a, b) {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const [ours, theirs] = [Object.keys(a), Object.keys(b)];
  return ours.length === theirs.length && ours.every((key) => same(a[key], b[key]));
}

/** @param {Persona} persona */
function face({ id, name, picture, face }) {
  const size = { alt: "", width: 48, height: 48 };
  if (picture) return h("img.persona-face", { src: `${PATH}/${id}/card.png`, ...size });
  if (id === "" || face.wears === "puppet") {
    const image = h("img.persona-face", size);
    // A picture that was shown needs its address no more.
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    void portrait(face.colours).then((src) => (image.src = src));
    return image;
  }
  return h("span.persona-face", { "aria-hidden": "true" }, [...name.trim()][0]?.toUpperCase() ?? "?");
}

/** @param {string} name @param {string} text @param {App["t"]} t */
function fileField(name, text, t) {
  const title = h("input.input.mono", {
    type: "text",
    value: name,
    maxlength: 83,
    spellcheck: "false",
    "aria-label": t("page.personas.file"),
  });
  const area = h("textarea.area", {
    rows: Math.min(18, Math.max(4, text.split("\n").length + 1)),
    value: text,
    "aria-label": name,
  });
  const gone = h(
    "button.icon-only",
    {
      type: "button",
      "aria-label": t("page.personas.file.delete", { name }),
      title: t("page.personas.file.delete", { name }),
    },
    icon("trash"),
  );
  const field = h("div.persona-file", {}, h("div.persona-file-head", {}, title, gone), area);
  gone.addEventListener("click", () => field.remove());
  return field;
}

/** @param {HTMLElement} files @returns {Record<string, string>} */
function read(files) {
  return Object.fromEntries(
    [...files.children].map((field) => [
      field.querySelector("input")?.value.trim(),
      field.querySelector("textarea")?.value,
    ]),
  );
}
