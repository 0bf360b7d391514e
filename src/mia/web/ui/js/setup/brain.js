// Choosing a brain: the built-in one, a model of the catalogue or a file, a server found on this
// machine, or OpenRouter with a key.

import { h, icon } from "../dom.js";
import { follow, size } from "../follow.js";

/** @typedef {import("../pages.js").App} App */

export class BrainChoice {
  /** @param {App} app @param {any} state @param {(state: any) => void} chosen */
  constructor(app, state, chosen) {
    this.app = app;
    this.state = state;
    this.chosen = chosen;
    this.unfollow = () => {};
    this.open = true;
  }

  close() {
    this.open = false;
    this.unfollow();
  }

  draw() {
    const { t } = this.app;
    this.offers = h("div.choices", {}, h("p.quiet", {}, t("page.setup.looking")));
    this.servers = h("div.choices", { "aria-live": "polite" }, h("p.quiet", {}, t("page.setup.looking")));
    this.problem = h("p.problem", { role: "alert", hidden: true });
    void this.fillOffers();
    void this.fillServers();
    return h(
      "div.brains",
      {},
      this.problem,
      h("section.card", {}, h("h3", {}, t("page.setup.brain.here")), this.offers, this.file()),
      h("section.card", {}, h("h3", {}, t("page.setup.brain.servers")), this.servers, this.address()),
      h(
        "section.card",
        {},
        h("h3", {}, "OpenRouter"),
        h("p.hint", {}, t("page.setup.brain.openrouter.hint")),
        this.openrouter(),
      ),
    );
  }

  /** @param {unknown} error */
  fail(error) {
    this.problem.hidden = false;
    this.problem.textContent = /** @type {Error} */ (error).message;
    this.problem.scrollIntoView({ block: "nearest" });
  }

  /** @param {Record<string, string>} wish @param {HTMLButtonElement} button */
  async choose(wish, button) {
    const { api } = this.app;
    this.problem.hidden = true;
    button.disabled = true;
    try {
      this.chosen(await api("/api/v1/setup/brain", { method: "PUT", body: wish }));
    } catch (error) {
      this.fail(error);
    } finally {
      button.disabled = false;
    }
  }

  /** @param {string} title @param {string} text @param {boolean} now @param {any} act @param {any} [extra] */
  choice(title, text, now, act, extra = null) {
    return h(
      "div.choice",
      { data: { ...(now && { chosen: "" }) } },
      h("div.choice-what", {}, h("strong", {}, title), h("span.quiet", {}, text), extra),
      act,
    );
  }

  /** @param {Record<string, string>} wish @param {boolean} now */
  take(wish, now) {
    const { t } = this.app;
    return h(
      `button.button.small${now ? "" : ".primary"}`,
      {
        type: "button",
        disabled: now,
        onclick: (/** @type {any} */ { currentTarget }) => void this.choose(wish, currentTarget),
      },
      t(now ? "page.voices.chosen" : "page.voices.choose"),
    );
  }

  async fillOffers() {
    const { api, t, language } = this.app;
    let found;
    try {
      found = await api("/api/v1/models");
    } catch (error) {
      return this.fail(error);
    }
    if (!this.open) return;
    const { brain } = this.state;
    const minds = found.models.filter((/** @type {any} */ { kind, embedded }) => kind === "llm" && !embedded);
    const own = brain.backend === "llamacpp";
    this.offers.replaceChildren(
      this.choice(
        t("page.setup.brain.embedded"),
        t("page.setup.brain.embedded.hint"),
        brain.embedded,
        this.take({ kind: "embedded" }, brain.embedded),
      ),
      ...minds.map((/** @type {any} */ model) => {
        const seconds = model.answer_s?.toLocaleString(language());
        const facts = [
          size(model.size, language()),
          model.licence,
          model.feel && t(`page.models.feel.${model.feel}`, { seconds }),
        ];
        const now = own && brain.model === model.id;
        const act = h("div.choice-act", { data: { offer: model.id } });
        this.fillOffer(
          act,
          model,
          now,
          found.downloads.find((/** @type {any} */ one) => one.model === model.id),
        );
        return this.choice(model.name, facts.filter(Boolean).join(" · "), now, act);
      }),
    );
    this.unfollow();
    this.unfollow = follow("/api/v1/downloads/stream", (downloads) => {
      for (const one of downloads) {
        const place = this.offers.querySelector(`[data-offer="${CSS.escape(one.model)}"]`);
        const model = minds.find((/** @type {any} */ { id }) => id === one.model);
        if (!place || !model) continue;
        if (one.status === "done") model.state = "ready";
        this.fillOffer(place, model, own && brain.model === model.id, one);
      }
    });
  }

  /** @param {Element} place @param {any} model @param {boolean} now @param {any} download */
  fillOffer(place, model, now, download) {
    const { api, t, language } = this.app;
    const request = (/** @type {string} */ method) => async () => {
      try {
        await api(`/api/v1/models/${model.id}/download`, { method });
      } catch (error) {
        this.fail(error);
      }
    };
    if (model.state === "ready") return place.replaceChildren(this.take({ kind: "catalogue", model: model.id }, now));
    if (download && ["queued", "running"].includes(download.status)) {
      const share = download.total ? Math.round((download.done / download.total) * 100) : 0;
      const bar = h(
        "div.progress",
        {
          role: "progressbar",
          "aria-valuenow": share,
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-label": model.name,
        },
        h("span"),
      );
      bar.style.setProperty("--done", `${share}%`);
      return place.replaceChildren(
        bar,
        h("button.button.small", { type: "button", onclick: request("DELETE") }, icon("stop"), t("page.models.stop")),
      );
    }
    if (download?.status === "failed") this.fail(new Error(download.problem?.text[language()] ?? ""));
    const again = download && ["stopped", "failed"].includes(download.status);
    place.replaceChildren(
      h(
        "button.button.small",
        { type: "button", onclick: request("POST") },
        icon("download"),
        t(again ? "page.models.resume" : "page.models.download", { size: size(model.needed || model.size, language()) }),
      ),
    );
  }

  /** One field with a button. @param {string} label @param {string} hint @param {string} words @param {Record<string, string>} attributes @param {(value: string, button: HTMLButtonElement) => void} run */
  field(label, hint, words, attributes, run) {
    const id = `field-${label.replaceAll(".", "-")}`;
    const { t } = this.app;
    const input = h("input.input", { id, autocomplete: "off", spellcheck: "false", ...attributes });
    const button = h("button.button", {}, words);
    return h(
      "form.field",
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (input.value.trim()) run(input.value.trim(), button);
        },
      },
      h("label", { for: id }, t(label)),
      h("div.beside", {}, input, button),
      hint && h("p.hint", {}, t(hint)),
    );
  }

  file() {
    const { t } = this.app;
    return this.field(
      "page.setup.brain.file",
      "",
      t("page.voices.choose"),
      { placeholder: "…/model.gguf" },
      (path, button) => void this.choose({ kind: "file", path }, button),
    );
  }

  address() {
    const { t, api } = this.app;
    return this.field(
      "page.setup.brain.address",
      "",
      t("page.setup.brain.address.ask"),
      { placeholder: "http://192.168.1.20:8000/v1", inputmode: "url" },
      async (url, button) => {
        button.disabled = true;
        try {
          const found = await api("/api/v1/setup/server", { body: { url } });
          this.servers.prepend(...this.server(found));
          this.problem.hidden = true;
        } catch (error) {
          this.fail(error);
        } finally {
          button.disabled = false;
        }
      },
    );
  }

  async fillServers() {
    const { api, t } = this.app;
    try {
      const { servers } = await api("/api/v1/setup/found");
      if (!this.open) return;
      this.servers.replaceChildren(
        ...(servers.length
          ? servers.flatMap((/** @type {any} */ one) => this.server(one))
          : [h("p.quiet", {}, t("page.setup.brain.no_servers"))]),
      );
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {any} server */
  server({ name, backend, url, models }) {
    const { t } = this.app;
    const { brain } = this.state;
    if (models.length === 0) return [this.choice(name, t("page.setup.brain.no_model"), false, null)];
    return models.slice(0, 12).map((/** @type {string} */ model) => {
      const now = brain.url === url && brain.model === model;
      return this.choice(model, `${name} · ${url}`, now, this.take({ kind: "server", backend, url, model }, now));
    });
  }

  openrouter() {
    const { t, api, language } = this.app;
    const told = h("p.hint", { role: "status" });
    const form = this.field(
      "page.setup.brain.key",
      "page.setup.brain.key.hint",
      t("page.setup.brain.key.test"),
      { type: "password", placeholder: "sk-or-…" },
      async (key, button) => {
        button.disabled = true;
        told.replaceChildren(t("page.setup.brain.key.testing"));
        try {
          const { remaining, free } = await api("/api/v1/setup/key", { body: { key } });
          const words =
            remaining !== null
              ? t("page.setup.brain.key.left", {
                  dollars: remaining.toLocaleString(language(), { maximumFractionDigits: 2 }),
                })
              : t(free ? "page.setup.brain.key.free" : "page.setup.brain.key.good");
          const take = h(
            "button.button.small.primary",
            {
              type: "button",
              onclick: (/** @type {any} */ { currentTarget }) =>
                void this.choose({ kind: "openrouter", key, model: "" }, currentTarget),
            },
            t("page.setup.brain.key.use"),
          );
          told.replaceChildren(words, " ", take);
          this.problem.hidden = true;
        } catch (error) {
          told.replaceChildren();
          this.fail(error);
        } finally {
          button.disabled = false;
        }
      },
    );
    return h("div.openrouter", {}, form, told);
  }
}
