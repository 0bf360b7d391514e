// The dialog for streamers: the overlay's address, made by choosing, with a live preview; and
// which avatar she wears, here and there.

import { t } from "./i18n.js";
import { address } from "./overlay/options.js";
import { ModelError } from "./vrm/check.js";
import { Refusal, Wardrobe, bring, dress } from "./wardrobe.js";

/** @typedef {import("./overlay/options.js").Options} Options */

const KEPT = "mia.obs";
const WORN = "mia.avatar";
/** Between the last turn of a knob and a new preview. */
const CALM_MS = 250;

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** @param {string} key @returns {Record<string, any>} */
function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * What she wears in this page, and how to change it: the choice that counts where her persona brings
 * nothing along, and what that is.
 * @typedef {object} Worn
 * @property {() => "puppet"|"vrm"} now
 * @property {() => import("./wardrobe.js").Outfit} hers
 * @property {(avatar: "puppet"|"vrm") => Promise<void>} wear
 * @property {(file: File|undefined) => Promise<void>} take
 * @property {() => Promise<void>} start put her on the stage
 */

/**
 * @param {import("./stage.js").Stage} stage
 * @param {import("./store.js").Store} store
 * @param {import("./realtime.js").Realtime} realtime
 * @param {(level: string, text: string) => void} toast
 * @returns {Worn}
 */
export function showObs(stage, store, realtime, toast) {
  const [dialog, form, url, preview] = [find("#obs"), find("#obs-form"), find("#obs-url"), find("#obs-preview")];
  let timer = 0;

  /** @returns {Partial<Options>} */
  const chosen = () => {
    const data = new FormData(form);
    return {
      avatar: /** @type {any} */ (data.get("avatar")),
      subtitles: /** @type {any} */ (data.get("subtitles")),
      style: /** @type {any} */ (data.get("style")),
      side: /** @type {any} */ (data.get("side")),
      scale: Number(data.get("scale")),
      background: String(data.get("background")),
      flip: data.has("flip"),
      sound: data.has("sound"),
    };
  };
  const show = () => {
    const options = chosen();
    localStorage.setItem(KEPT, JSON.stringify(options));
    url.value = address(options, location.origin);
    find("#obs-scale").textContent = `${Math.round((options.scale ?? 1) * 100)} %`;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // The preview is silent: her voice is on this page already.
      if (dialog.open) preview.src = address({ ...options, sound: false }, location.origin);
    }, CALM_MS);
  };
  /** @param {unknown} error */
  const complain = (error) => {
    if (error instanceof Refusal) toast("error", error.text[store.state.shown]);
    else if (error instanceof ModelError) toast("error", t(SAID[error.problem], { what: error.what }));
    else throw error;
  };
  /** @param {"puppet"|"vrm"} avatar */
  const wear = async (avatar) => {
    try {
      await dress(stage, avatar, wardrobe.hers);
      localStorage.setItem(WORN, avatar);
      form.elements.avatar.value = avatar;
    } catch (error) {
      form.elements.avatar.value = "puppet";
      complain(error);
    }
    show();
  };
  const usual = () => (localStorage.getItem(WORN) === "vrm" ? "vrm" : "puppet");
  // What cannot be shown is the puppet, in her colours.
  const wardrobe = new Wardrobe(async (worn) => {
    try {
      await dress(stage, usual(), worn);
    } catch (error) {
      complain(error);
      await dress(stage, "puppet", { ...worn, wears: "puppet" });
    }
    show();
  });
  /** @param {File|undefined} file */
  const take = async (file) => {
    if (!file) return;
    try {
      await bring(stage, file);
      localStorage.setItem(WORN, "vrm");
      form.elements.avatar.value = "vrm";
      // Shown for a moment it would be taken for hers.
      const { hers } = wardrobe;
      if (hers.wears) await wardrobe.change(hers);
      toast("info", t(hers.wears ? "page.model.kept" : "page.model.worn", { name: store.state.persona }));
    } catch (error) {
      complain(error);
    }
    preview.removeAttribute("src");
    show();
  };

  for (const [name, value] of Object.entries(kept(KEPT))) {
    const field = form.elements[name];
    if (!field) continue;
    if (typeof value === "boolean") field.checked = value;
    else field.value = String(value);
  }
  form.addEventListener("input", show);
  form.addEventListener(
    "change",
    (/** @type {any} */ { target }) => target.name === "avatar" && void wear(target.value),
  );
  form.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  find("#obs-open").addEventListener("click", () => {
    dialog.showModal();
    show();
  });
  find("#obs-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());
  // A closed preview looks on no more.
  dialog.addEventListener("close", () => preview.removeAttribute("src"));
  find("#obs-copy").addEventListener("click", async () => {
    url.select();
    await navigator.clipboard.writeText(url.value).catch(() => document.execCommand("copy"));
    find("#obs-copy").textContent = t("page.obs.copied");
    setTimeout(() => (find("#obs-copy").textContent = t("page.obs.copy")), 2000);
  });
  find("#obs-file").addEventListener("change", (/** @type {any} */ { target }) => {
    void take(target.files[0]).then(() => (target.value = ""));
  });
  acceptDrops(take);
  show();
  const start = async () => {
    // She comes dressed, and does not change before everybody's eyes.
    const worn = await wardrobe.first();
    await stage.start(worn.wears === "puppet" ? worn.colours : {});
    form.elements.avatar.value = usual();
    show();
    if ((worn.wears ?? usual()) === "vrm") void wardrobe.change(worn);
    wardrobe.follow(store, realtime);
  };
  const hers = () => wardrobe.hers;
  return { now: () => form.elements.avatar.value, hers, wear, take, start };
}

/** @type {Record<import("./vrm/check.js").Problem, string>} */
const SAID = {
  not_vrm: "page.model.not_vrm",
  broken: "page.model.broken",
  external: "page.model.external",
  too_big: "page.model.too_big",
  unsupported: "page.model.unsupported",
  webgl: "page.model.webgl",
  none: "page.model.none",
};

/** A file dropped anywhere on the page is a model for her. @param {(file: File|undefined) => void} take */
function acceptDrops(take) {
  const place = find("#stage");
  const files = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    place.dataset.drop = "";
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) delete place.dataset.drop;
  });
  addEventListener("drop", (event) => {
    delete place.dataset.drop;
    if (!files(event)) return;
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}
