// Timings: how fast she answers, where the time of each turn went, and what would help.

import { h, icon } from "../dom.js";
import { overTime, spanOf, STAGES, waterfall } from "../timings/draw.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {import("../timings/draw.js").Turn} Turn */

const SHOWN = 15;
/** Turns come in bursts of events; one look is enough for each. */
const CALM_MS = 600;

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const page = new Timings(root, app);
  await page.load();
  let timer = 0;
  let first = true;
  const unwatch = watch(app.store, () => {
    if (first) return void (first = false);
    clearTimeout(timer);
    timer = setTimeout(() => void page.load(), CALM_MS);
  });
  return () => {
    page.open = false;
    clearTimeout(timer);
    unwatch();
  };
}

/** @param {App["store"]} store @param {() => void} tell */
function watch(store, tell) {
  let listening = true;
  store.watch(["timing", "busy", "playing"], () => listening && tell());
  return () => void (listening = false);
}

class Timings {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.open = true;
    this.asTable = false;
    this.failed = false;
  }

  async load() {
    let found;
    try {
      found = await this.app.api("/api/v1/timings?limit=200");
      this.failed = false;
    } catch (error) {
      // A moment without the server is the connection's banner's business; the first look is not.
      if (!this.root.hasChildNodes()) throw error;
      return;
    }
    if (this.open) this.draw(found);
  }

  /** @param {number} ms */
  time = (ms) => {
    const { language } = this.app;
    if (ms < 1000) return `${Math.round(ms)} ms`;
    return `${(ms / 1000).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;
  };

  /** @param {any} found */
  draw(found) {
    this.found = found;
    const { t } = this.app;
    /** @type {Turn[]} */
    const turns = found.turns;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.keep : null;
    this.root.replaceChildren(
      h("p.lead", {}, t("page.timings.lead")),
      ...(turns.length === 0
        ? [h("div.empty", {}, h("p", {}, t("page.timings.none")))]
        : [this.advice(found), this.numbers(found), this.history(turns), this.turns(turns)]),
    );
    if (focused) /** @type {HTMLElement|null} */ (this.root.querySelector(`[data-keep="${focused}"]`))?.focus();
  }

  /** @param {any} found */
  advice({ advice }) {
    const { t, has } = this.app;
    const words = t(`page.advice.${advice.code}`, {
      v2v: this.time(advice.v2v_ms ?? 0),
      share: Math.round(advice.share * 100),
    });
    const good = advice.code === "quick" || advice.code === "too_few";
    const name = has(`config.${advice.setting}`) ? advice.setting : "";
    return h(
      "section.card.advice",
      { data: { code: advice.code, ...(good && { good: "" }) }, "aria-label": t("page.timings.advice") },
      icon(good ? "check" : "info"),
      h(
        "div",
        {},
        h("p.advice-words", {}, words),
        name && h("a.button.small", { href: "#/settings" }, icon("settings"), t("page.timings.setting", { name })),
      ),
    );
  }

  /** @param {any} found */
  numbers({ summary, turns, hits, misses }) {
    const { t } = this.app;
    const whole = summary.find((/** @type {any} */ { name }) => name === "v2v");
    const guesses = hits + misses;
    const { seconds, stutters, silent } = this.app.store.state.heardHere;
    const stuttered = turns.filter((/** @type {Turn} */ { underruns }) => underruns > 0).length;
    const tile = (/** @type {string} */ key, /** @type {string} */ value, hint = "") =>
      h(
        "div.tile",
        {},
        h("dt", {}, t(key)),
        h("dd.number", { data: { tile: key.split(".").at(-1) } }, value),
        hint && h("dd.quiet", {}, hint),
      );
    return h(
      "dl.tiles",
      {},
      tile("page.timings.p50", whole ? this.time(whole.p50) : "–", t("page.timings.p50.hint")),
      tile("page.timings.p95", whole ? this.time(whole.p95) : "–", t("page.timings.p95.hint")),
      tile(
        "page.timings.guesses",
        guesses ? `${Math.round((hits / guesses) * 100)} %` : "–",
        guesses ? t("page.timings.guesses.hint", { hits, guesses }) : t("page.timings.guesses.none"),
      ),
      tile("page.timings.stutters", String(stuttered), t("page.timings.stutters.hint", { turns: turns.length })),
      tile("page.timings.gaps", String(stutters), t("page.timings.gaps.hint", { silent: this.time(silent * 1000), time: this.time(seconds * 1000) })),
    );
  }

  /** @param {Turn[]} turns */
  history(turns) {
    const { t } = this.app;
    return h(
      "section.card",
      {},
      h(
        "div.toolbar",
        {},
        h("h2", {}, t("page.timings.over_time")),
        h(
          "ul.legend.push",
          { "aria-hidden": "true" },
          ...["spoken", "typed", "p50", "p95"].map((name) =>
            h("li", { data: { mark: name } }, t(`page.timings.mark.${name}`)),
          ),
        ),
      ),
      overTime(turns, this.time),
    );
  }

  /** @param {Turn[]} turns */
  turns(turns) {
    const { t } = this.app;
    const newest = turns.slice(-SHOWN).reverse();
    const flip = h(
      "button.button.small.push",
      {
        type: "button",
        "aria-pressed": String(this.asTable),
        data: { keep: "table" },
        onclick: () => {
          this.asTable = !this.asTable;
          this.draw(this.found);
        },
      },
      t("page.timings.as_table"),
    );
    return h(
      "section.card",
      {},
      h("div.toolbar", {}, h("h2", {}, t("page.timings.turns")), flip),
      h("p.hint", {}, t("page.timings.turns.hint")),
      this.asTable ? this.table(newest) : this.waterfalls(newest),
    );
  }

  /** @param {Turn[]} turns */
  waterfalls(turns) {
    const { t } = this.app;
    const span = spanOf(turns);
    const present = STAGES.filter((stage) => turns.some(({ stretches }) => stretches.some((s) => s.stage === stage)));
    return h(
      "div.waterfalls",
      {},
      h(
        "ul.legend",
        { "aria-hidden": "true" },
        present.map((stage) => h("li", { data: { stage } }, t(`page.timings.stage.${stage}`))),
      ),
      h(
        "ul.turns",
        {},
        turns.map((turn) =>
          h(
            "li.turn",
            { data: { turn: turn.turn } },
            h(
              "div.turn-head",
              {},
              h("span.turn-text", {}, turn.text || "…"),
              turn.underruns > 0 && h("span.tag.bad", {}, t("page.timings.stuttered")),
              turn.hits > 0 && h("span.tag.good", {}, t("page.timings.ahead")),
              h("span.turn-total.number", {}, this.time(turn.v2v_ms)),
              h(
                "a.icon-only",
                {
                  href: `#/logs/turn/${encodeURIComponent(turn.turn)}`,
                  "aria-label": t("page.timings.log"),
                  title: t("page.timings.log"),
                },
                icon("logs"),
              ),
            ),
            h("p.sr", {}, this.told(turn)),
            waterfall(turn, span, this.time),
          ),
        ),
      ),
    );
  }

  /** One turn in words, for who does not see the bars. @param {Turn} turn */
  told({ stretches }) {
    const { t } = this.app;
    return stretches
      .map(({ stage, begin, end }) => `${t(`page.timings.stage.${stage}`)} ${this.time(end - begin)}`)
      .join(", ");
  }

  /** @param {Turn[]} turns */
  table(turns) {
    const { t } = this.app;
    const cell = (/** @type {Turn} */ { stretches }, /** @type {string} */ stage) => {
      const found = stretches.filter((one) => one.stage === stage);
      return found.length ? this.time(found.reduce((sum, { begin, end }) => sum + end - begin, 0)) : "–";
    };
    return h(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": t("page.timings.turns") },
      h(
        "table.table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, t("page.timings.said")),
            h("th", { scope: "col" }, t("page.timings.total")),
            STAGES.map((stage) => h("th", { scope: "col" }, t(`page.timings.stage.${stage}`))),
          ),
        ),
        h(
          "tbody",
          {},
          turns.map((turn) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, turn.text || "…"),
              h("td.number", {}, this.time(turn.v2v_ms)),
              STAGES.map((stage) => h("td.number", {}, cell(turn, stage))),
            ),
          ),
        ),
      ),
    );
  }
}
