// Which avatar she wears: what her persona brings along, else the page's choice of her own puppet
// and the user's model that MIA's server keeps.

import { Puppet } from "./puppet/puppet.js";
import { ModelError, check } from "./vrm/check.js";

/** @typedef {"puppet"|"vrm"} Choice */

/**
 * What the persona she is brings along; `wears` null: nothing of her own.
 * @typedef {object} Outfit
 * @property {string} persona
 * @property {Choice|null} wears
 * @property {import("./puppet/paint.js").Colours} colours
 * @property {Record<string, string>} expressions
 * @property {string|null} model address of her own model
 */

const PATH = "/api/v1/avatar";
/** The server is there and she is not yet (docs/protocol.md, close codes). */
const LATER = 1013;

/** @type {Outfit} */
export const PLAIN = { persona: "", wears: null, colours: {}, expressions: {}, model: null };

/** The server's refusal of a model, in its own words. */
export class Refusal extends Error {
  /** @param {import("./store.js").Text} text */
  constructor(text) {
    super(text.en);
    this.text = text;
  }
}

/** What she wears now; null where nobody can say. @returns {Promise<Outfit|null>} */
async function ask() {
  try {
    const answer = await fetch(`${PATH}/face`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // she is away for a moment, and comes back with the news of her face
  }
}

/** What her persona wears, followed from one change to the next. */
export class Wardrobe {
  /** @param {(worn: Outfit) => Promise<void>} change shows her in it */
  constructor(change) {
    this.change = change;
    this.hers = PLAIN;
    this.changing = Promise.resolve();
  }

  /** What she begins in. */
  async first() {
    this.hers = (await ask()) ?? PLAIN;
    return this.hers;
  }

  /** Show what she wears now if it is something else. One after the other: the last news counts. @param {Outfit} worn */
  put(worn) {
    if (same(worn, this.hers)) return;
    this.hers = worn;
    this.changing = this.changing.then(() => (this.hers === worn ? this.change(worn) : undefined));
  }

  /** Change with her; while she wakes up, at every try. @param {import("./store.js").Store} store @param {import("./realtime.js").Realtime} realtime */
  follow(store, realtime) {
    store.watch(["face"], ({ face }) => face?.expressions && this.put(face));
    realtime.addEventListener("lost", async (/** @type {any} */ { detail }) => {
      if (detail.code !== LATER) return;
      const worn = await ask();
      if (worn) this.put(worn);
    });
  }
}

/** Told in the same order by the same server. @param {Outfit} a @param {Outfit} b */
function same(a, b) {
  const parts = /** @type {(keyof Outfit)[]} */ (Object.keys(PLAIN));
  return parts.every((part) => JSON.stringify(a[part]) === JSON.stringify(b[part]));
}

/** @param {import("./stage.js").Stage} stage @param {ArrayBuffer} file @param {Outfit} [worn] */
async function wear(stage, file, worn = PLAIN) {
  check(file);
  const { Model } = await import("./vrm/model.js");
  stage.wear(await Model.load(stage.host, file, worn.expressions));
}

/** The usual model's address. Raises ModelError. */
async function usual() {
  // Asked first: a model that is not there would be an error in the browser's log.
  const { model } = await fetch(PATH).then((answer) => answer.json());
  if (!model) throw new ModelError("none");
  return `${PATH}/model?version=${model.version}`;
}

/**
 * Dress her. Raises ModelError; she then goes on as she was.
 * @param {import("./stage.js").Stage} stage @param {Choice} choice where her persona brings nothing along @param {Outfit} [worn]
 */
export async function dress(stage, choice, worn = PLAIN) {
  if ((worn.wears ?? choice) === "puppet") {
    const { colours } = worn;
    return stage.wear(await Puppet.load(stage.host, { still: stage.still, colours }));
  }
  const address = worn.wears === "vrm" ? worn.model : await usual();
  if (!address) throw new ModelError("none");
  const answer = await fetch(address);
  if (!answer.ok) throw new ModelError("none");
  await wear(stage, await answer.arrayBuffer(), worn);
}

/** Show the user's file, and have MIA keep it for every page and overlay. Raises ModelError, Refusal. @param {import("./stage.js").Stage} stage @param {File} file */
export async function bring(stage, file) {
  const data = await file.arrayBuffer();
  await wear(stage, data);
  await send(`${PATH}/model`, data);
}

/** Have MIA keep a model. Raises Refusal. @param {string} path @param {BodyInit} body */
export async function send(path, body) {
  const headers = { "content-type": "model/gltf-binary" };
  const answer = await fetch(path, { method: "PUT", headers, body });
  if (!answer.ok) throw new Refusal((await answer.json()).error.text);
}
