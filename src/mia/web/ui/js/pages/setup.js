// The first start: language, microphone, brain, voice, face. Every step can be left out, and the
// first button of all goes straight to talking.

import { h, icon } from "../dom.js";
import { keep } from "../i18n.js";
import { size } from "../follow.js";
import { BrainChoice } from "../setup/brain.js";
import { Listening } from "../setup/listening.js";
import { machineSound } from "../setup/machine_sound.js";
import { MicCheck } from "../setup/mic.js";

/** @typedef {import("../pages.js").App} App */

const STEPS = ["start", "mic", "brain", "voice", "face", "done"];

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const state = await app.api("/api/v1/setup");
  const step = STEPS.includes(app.path[0] ?? "") ? app.path[0] : "start";
  const page = new Setup(root, app, state, step);
  await page.draw();
  return () => page.close();
}

class Setup {
  /** @param {HTMLElement} root @param {App} app @param {any} state @param {string} step */
  constructor(root, app, state, step) {
    this.root = root;
    this.app = app;
    this.state = state;
    this.step = step;
    /** @type {(() => void)[]} */
    this.leaving = [];
  }

  close() {
    for (const leave of this.leaving) leave();
    // Whoever goes elsewhere by the rail has seen it, too.
    if (this.state.fresh && !location.hash.startsWith("#/setup")) void this.left();
  }

  /** From now on the set-up does not come up by itself. */
  async left() {
    this.state.fresh = false;
    try {
      await this.app.api("/api/v1/setup/done", { method: "POST" });
    } catch (error) {
      this.app.notices.toast("warning", /** @type {Error} */ (error).message);
    }
    history.replaceState(null, "", `${location.pathname}${location.hash}`);
  }

  async draw() {
    const { t } = this.app;
    const at = STEPS.indexOf(this.step);
    const body = h("div.step-body");
    this.root.append(
      h(
        "ol.stepper",
        { "aria-label": t("page.setup.steps") },
        STEPS.map((step, n) =>
          h(
            "li",
            { data: { ...(n < at && { past: "" }) } },
            h(
              "a",
              { href: `#/setup/${step}`, ...(n === at && { "aria-current": "step" }) },
              h("span", {}, t(`page.setup.${step}`)),
            ),
          ),
        ),
      ),
      h("div.step", {}, h("h2", {}, t(`page.setup.${this.step}.title`)), body, this.ways(at)),
    );
    await /** @type {any} */ (this)[this.step](body);
  }

  /** @param {number} at */
  ways(at) {
    const { t, go } = this.app;
    if (this.step === "start" || this.step === "done") return null;
    return h(
      "div.ways",
      {},
      h("button.button.plain", { type: "button", onclick: () => go(`setup/${STEPS[at - 1]}`) }, t("page.setup.back")),
      h("button.button.plain.push", { type: "button", onclick: () => void this.talk() }, t("page.setup.skip")),
      h("button.button.primary", { type: "button", onclick: () => go(`setup/${STEPS[at + 1]}`) }, t("page.setup.next")),
    );
  }

  /** Enough: off to talking, with the microphone on. */
  async talk() {
    const { go, store } = this.app;
    // The press on our button is what lets the browser ask for the microphone and play sound.
    if (store.state.microphone === "off" && isSecureContext)
      /** @type {HTMLElement|null} */ (document.querySelector("#live-mic"))?.click();
    await this.left();
    go("talk");
  }

  // ── steps ──────────────────────────────────────────────────────────────────────────────────

  /** @param {HTMLElement} body */
  start(body) {
    const { t, language, go } = this.app;
    const languages = /** @type {["es"|"en", string][]} */ ([
      ["es", "Español"],
      ["en", "English"],
    ]);
    body.append(
      h(
        "div.hello",
        {},
        h(
          "div",
          {},
          h("p.lead", {}, t("page.setup.start.lead")),
          h(
            "div.languages",
            { role: "group", "aria-label": t("page.language") },
            languages.map(([code, name]) =>
              h(
                "button.button",
                {
                  type: "button",
                  lang: code,
                  "aria-pressed": String(language() === code),
                  onclick: () => void this.speak(code),
                },
                language() === code && icon("check"),
                name,
              ),
            ),
          ),
          h(
            "div.big",
            {},
            h(
              "button.button.primary.go",
              { type: "button", onclick: () => void this.talk() },
              icon("mic"),
              t("page.setup.start.talk"),
            ),
            h("button.button.go", { type: "button", onclick: () => go("setup/mic") }, t("page.setup.start.setup")),
          ),
          h("p.quiet", {}, t("page.setup.start.promise")),
        ),
        h("img", { src: "/ui/img/icon.svg", alt: "" }),
      ),
    );
  }

  /** @param {"es"|"en"} code */
  async speak(code) {
    const { api, realtime, notices } = this.app;
    keep(code);
    realtime.send({ type: "mia.session.update", language: code });
    // The page follows at once where the conversation cannot yet.
    /** @type {HTMLElement|null} */ (document.querySelector(`.switch [data-language="${code}"]`))?.click();
    try {
      await api("/api/v1/setup", { method: "PATCH", body: { language: code } });
    } catch (error) {
      notices.toast("error", /** @type {Error} */ (error).message);
    }
  }

  /** @param {HTMLElement} body */
  mic(body) {
    const check = new MicCheck(this.app);
    body.append(h("p.lead", {}, this.app.t("page.setup.mic.lead")), check.draw(), machineSound(this.app));
    this.leaving.push(() => check.close());
  }

  /** @param {HTMLElement} body */
  brain(body) {
    const choice = new BrainChoice(this.app, this.state, (state) => {
      this.state = state;
      choice.close();
      this.app.notices.toast("info", this.app.t("page.models.begins_anew"));
      this.app.go("setup/voice");
    });
    body.append(this.machine(), choice.draw());
    this.leaving.push(() => choice.close());
  }

  machine() {
    const { t, language, api, notices } = this.app;
    const { machine, answer_s, feel, can_measure } = this.state;
    const facts = [
      t("page.setup.machine.cores", { cores: machine.cores }),
      machine.memory && t("page.setup.machine.memory", { memory: size(machine.memory, language()) }),
      machine.graphics,
    ];
    const words = feel
      ? t(`page.setup.machine.${feel}`, { seconds: answer_s.toLocaleString(language()) })
      : t("page.setup.machine.unknown");
    const button = h(
      "button.button.small",
      {
        type: "button",
        disabled: !can_measure,
        onclick: async () => {
          button.disabled = true;
          button.replaceChildren(t("page.models.measuring"));
          try {
            this.state = await api("/api/v1/setup/measure", { method: "POST" });
            this.root.replaceChildren();
            this.close();
            this.leaving = [];
            await this.draw();
          } catch (error) {
            notices.toast("error", /** @type {Error} */ (error).message);
            button.replaceChildren(t("page.models.measure"));
            button.disabled = false;
          }
        },
      },
      icon("timings"),
      t(feel ? "page.models.measure_again" : "page.models.measure"),
    );
    return h(
      "section.card.machine",
      {},
      h("div", {}, h("p.machine-words", {}, words), h("p.quiet", {}, facts.filter(Boolean).join(" · "))),
      button,
    );
  }

  /** @param {HTMLElement} body */
  async voice(body) {
    const { t, api } = this.app;
    const listening = new Listening(this.app);
    this.leaving.push(() => listening.stop());
    body.append(h("p.lead", {}, t("page.setup.voice.lead")));
    try {
      const { voices } = await api("/api/v1/voices");
      body.append(listening.list(voices, this.state.voice.voice ?? ""));
    } catch (error) {
      body.append(h("p.notice", {}, h("span.notice-text", {}, /** @type {Error} */ (error).message)));
    }
  }

  /** @param {HTMLElement} body */
  face(body) {
    const { t, api, language } = this.app;
    const studio = h("p.quiet", { role: "status" }, t("page.setup.looking"));
    const told = h("p.hint", { role: "status" });
    const input = h("input", {
      type: "file",
      accept: ".vrm",
      "aria-label": t("page.setup.face.vrm.file"),
      onchange: async () => {
        const file = input.files?.[0];
        if (!file) return;
        told.textContent = t("page.setup.face.vrm.sending");
        try {
          await api("/api/v1/avatar/model", { method: "PUT", body: file });
          told.textContent = t("page.setup.face.vrm.done");
        } catch (error) {
          told.textContent = /** @type {Error} */ (error).message;
        }
      },
    });
    body.append(
      h("p.lead", {}, t("page.setup.face.lead")),
      h(
        "div.cards",
        {},
        h(
          "section.card",
          {},
          h("h3", {}, t("page.setup.face.puppet")),
          h("p.hint", {}, t("page.setup.face.puppet.hint")),
        ),
        h(
          "section.card",
          {},
          h("h3", {}, t("page.setup.face.vrm")),
          h("p.hint", {}, t("page.setup.face.vrm.hint")),
          h("span.button.file-button", {}, icon("upload"), t("page.setup.face.vrm.file"), input),
          told,
        ),
        h("section.card", {}, h("h3", {}, "VTube Studio"), studio),
      ),
    );
    Promise.all([api("/api/v1/setup/found"), api("/api/v1/avatar")])
      .then(([found, { outputs }]) => {
        const output = outputs.find((/** @type {any} */ { name }) => name.startsWith("vtube"));
        const problem = output?.problem?.text[language()];
        const key = output?.status === "connected" ? "connected" : found.vtube_studio ? "found" : "absent";
        studio.textContent = problem && key !== "absent" ? problem : t(`page.setup.face.studio.${key}`);
      })
      .catch((error) => (studio.textContent = error.message));
  }

  /** @param {HTMLElement} body */
  done(body) {
    const { t } = this.app;
    body.append(
      h("p.lead", {}, t("page.setup.done.lead")),
      h(
        "div.big",
        {},
        h(
          "button.button.primary.go",
          { type: "button", onclick: () => void this.talk() },
          icon("mic"),
          t("page.setup.start.talk"),
        ),
      ),
    );
  }
}
