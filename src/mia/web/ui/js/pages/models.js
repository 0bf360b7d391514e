// Models and voices: what is there, what it may be used for, how fast it would be; fetch, stop, go
// on, remove, listen.

import { ask, h, icon } from "../dom.js";
import { follow, size } from "../follow.js";
import { Listening } from "../setup/listening.js";

/** @typedef {import("../pages.js").App} App */

const KINDS = ["llm", "stt", "tts", "embedding", "other"];

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const page = new Models(root, app);
  await page.load();
  const unfollow = follow("/api/v1/downloads/stream", (downloads) => page.told(downloads));
  return () => {
    page.open = false;
    unfollow();
    page.listening.stop();
  };
}

class Models {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.open = true;
    this.listening = new Listening(app);
    /** @type {Map<string, any>} */
    this.downloads = new Map();
    /** @type {any[]} */
    this.voices = [];
  }

  async load() {
    const { api } = this.app;
    const [found, voices] = await Promise.all([
      api("/api/v1/models"),
      // Her voice may still be loading; the models are of use all the same.
      api("/api/v1/voices").catch(() => ({ voices: [] })),
    ]);
    if (!this.open) return;
    this.found = found;
    this.voices = voices.voices;
    this.downloads = new Map(found.downloads.map((/** @type {any} */ one) => [one.model, one]));
    this.draw();
  }

  /** @param {any[]} downloads */
  told(downloads) {
    const before = this.downloads;
    this.downloads = new Map(downloads.map((one) => [one.model, one]));
    const ended = downloads.some(({ model, status }) => {
      const was = before.get(model)?.status;
      return was && was !== status && ["done", "stopped", "failed"].includes(status);
    });
    if (ended) void this.load();
    else for (const one of downloads) this.drawProgress(one.model);
  }

  draw() {
    const { t, language } = this.app;
    const { models, measured, disk_free } = this.found;
    const kindOf = (/** @type {any} */ { kind }) => (KINDS.includes(kind) ? kind : "other");
    this.root.replaceChildren(
      h(
        "div.toolbar",
        {},
        h("p.lead", {}, t("page.models.lead", { free: size(disk_free, language()) })),
        h(
          "button.button.push",
          { type: "button", onclick: (/** @type {any} */ event) => void this.measure(event.currentTarget) },
          icon("timings"),
          t(measured ? "page.models.measure_again" : "page.models.measure"),
        ),
      ),
      ...KINDS.filter((kind) => models.some((/** @type {any} */ one) => kindOf(one) === kind)).map((kind) =>
        h(
          "section.models",
          { "aria-labelledby": `models-${kind}` },
          h("h2", { id: `models-${kind}` }, t(`page.models.kind.${kind}`)),
          h(
            "div.cards",
            {},
            models
              .filter((/** @type {any} */ one) => kindOf(one) === kind)
              .map((/** @type {any} */ one) => this.card(one)),
          ),
        ),
      ),
      ...(this.voices.length
        ? [
            h(
              "section.models",
              { "aria-labelledby": "models-voices" },
              h("h2", { id: "models-voices" }, t("page.models.voices")),
              this.listening.list(this.voices),
            ),
          ]
        : []),
    );
  }

  /** @param {any} model */
  card(model) {
    const { t, language } = this.app;
    const languages = model.languages.length ? model.languages.join(", ") : t("page.models.any_language");
    const card = h(
      "article.card.model",
      { data: { model: model.id, state: model.state }, "aria-labelledby": `model-${model.id}` },
      h(
        "div.model-head",
        {},
        h("h3", { id: `model-${model.id}` }, model.name),
        model.used && h("span.tag.good", {}, t("page.models.used")),
        !model.used && model.state === "ready" && h("span.tag", {}, t("page.models.ready")),
        model.state === "damaged" && h("span.tag.bad", {}, t("page.models.damaged")),
        model.recommended && h("span.tag.good", {}, icon("star"), t("page.models.recommended")),
      ),
      h("p.quiet", {}, `${size(model.size, language())} · ${languages} · ${t(`cli.models.suits.${model.suits}`)}`),
      this.speed(model),
      this.licence(model),
      h("div.model-progress", { "aria-live": "polite" }),
      h("div.buttons", {}, this.buttons(model)),
    );
    this.fillProgress(card, model.id);
    return card;
  }

  /** @param {any} model */
  speed({ answer_s, feel }) {
    const { t, language } = this.app;
    if (!feel) return null;
    const seconds = answer_s?.toLocaleString(language());
    const kind = { fluent: "good", bearable: "warn", slow: "bad", too_large: "bad" }[/** @type {string} */ (feel)];
    return h("p.speed", {}, h(`span.dot.${kind}`), t(`page.models.feel.${feel}`, { seconds }));
  }

  /** @param {any} model */
  licence({ licence, monetised, evidence }) {
    const { t } = this.app;
    return h(
      "details.licence",
      {},
      h(
        "summary",
        {},
        licence,
        monetised === false && h("span.tag.warn", {}, icon("warning"), t("page.models.not_monetised")),
      ),
      h(
        "ul",
        {},
        evidence.map((/** @type {any} */ one) =>
          h(
            "li",
            {},
            `${t(`cli.models.of.${one.of}`)}: ${one.name} `,
            one.monetised === false && h("span.tag.warn", {}, t("page.models.not_monetised")),
            h("a", { href: one.evidence, target: "_blank", rel: "noreferrer" }, t("page.models.evidence")),
          ),
        ),
      ),
    );
  }

  /** @param {any} model */
  buttons(model) {
    const { t, language } = this.app;
    const download = this.downloads.get(model.id);
    const button = (
      /** @type {string} */ drawing,
      /** @type {string} */ words,
      /** @type {() => void} */ run,
      kind = "",
    ) => h(`button.button.small${kind}`, { type: "button", onclick: run }, icon(drawing), words);
    const running = download && ["queued", "running"].includes(download.status);
    if (running) return [button("stop", t("page.models.stop"), () => void this.stop(model.id))];
    if (model.state !== "ready") {
      const again = download && ["stopped", "failed"].includes(download.status);
      const words = t(again ? "page.models.resume" : "page.models.download", { size: size(model.needed || model.size, language()) });
      return [button("download", words, () => void this.download(model.id), ".primary")];
    }
    const usable = !model.used && ["llm", "stt"].includes(model.kind);
    return [
      usable && button("check", t("page.models.use"), () => void this.use(model), ".primary"),
      !model.used && button("trash", t("page.models.remove"), () => void this.remove(model)),
    ];
  }

  /** @param {string} id */
  drawProgress(id) {
    const card = this.root.querySelector(`[data-model="${CSS.escape(id)}"]`);
    if (card) this.fillProgress(card, id);
  }

  /** @param {Element} card @param {string} id */
  fillProgress(card, id) {
    const { t, language } = this.app;
    const place = /** @type {HTMLElement} */ (card.querySelector(".model-progress"));
    const download = this.downloads.get(id);
    if (!download || ["done", "stopped"].includes(download.status)) return place.replaceChildren();
    if (download.status === "failed") {
      return place.replaceChildren(h("p.problem", {}, download.problem?.text[language()] ?? ""));
    }
    const share = download.total ? Math.round((download.done / download.total) * 100) : 0;
    const words =
      download.status === "queued"
        ? t("page.models.queued")
        : t(`page.models.stage.${download.stage || "download"}`, {
            done: size(download.done, language()),
            total: size(download.total, language()),
          });
    const bar = h(
      "div.progress",
      {
        role: "progressbar",
        "aria-valuenow": share,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-label": id,
      },
      h("span"),
    );
    bar.style.setProperty("--done", `${share}%`);
    place.replaceChildren(bar, h("p.quiet", {}, words));
  }

  /** Do something, show what went wrong, and look again. @param {() => Promise<any>} work */
  async act(work) {
    try {
      await work();
    } catch (error) {
      this.app.notices.toast("error", /** @type {Error} */ (error).message);
    }
    if (this.open) await this.load();
  }

  /** @param {string} id */
  download(id) {
    return this.act(() => this.app.api(`/api/v1/models/${id}/download`, { method: "POST" }));
  }

  /** @param {string} id */
  stop(id) {
    return this.act(() => this.app.api(`/api/v1/models/${id}/download`, { method: "DELETE" }));
  }

  /** @param {any} model */
  async remove({ id, name, size: bytes }) {
    const { t, language, api } = this.app;
    const question = {
      title: t("page.models.remove.ask", { name }),
      text: t("page.models.remove.text", { size: size(bytes, language()) }),
      yes: t("page.models.remove"),
      no: t("page.models.keep"),
      danger: true,
    };
    if (await ask(question)) await this.act(() => api(`/api/v1/models/${id}`, { method: "DELETE" }));
  }

  /** @param {any} model */
  use({ id, kind }) {
    const { t, api, notices } = this.app;
    return this.act(async () => {
      if (kind === "stt") await api("/api/v1/setup/ears", { method: "PUT", body: { model: id } });
      else await api("/api/v1/setup/brain", { method: "PUT", body: { kind: "catalogue", model: id } });
      notices.toast("info", t("page.models.begins_anew"));
    });
  }

  /** @param {HTMLButtonElement} button */
  async measure(button) {
    button.disabled = true;
    button.lastChild?.replaceWith(this.app.t("page.models.measuring"));
    await this.act(() => this.app.api("/api/v1/setup/measure", { method: "POST" }));
  }
}
