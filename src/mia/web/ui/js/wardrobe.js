// Which avatar she wears: her own puppet, or the user's model that MIA's server keeps.

import { Puppet } from "./puppet/puppet.js";
import { ModelError, check } from "./vrm/check.js";

/** @typedef {"puppet"|"vrm"} Choice */

const PATH = "/api/v1/avatar";

/** The server's refusal of a model, in its own words. */
export class Refusal extends Error {
  /** @param {import("./store.js").Text} text */
  constructor(text) {
    super(text.en);
    this.text = text;
  }
}

/** @param {import("./stage.js").Stage} stage @param {ArrayBuffer} file */
async function wear(stage, file) {
  check(file);
  const { Model } = await import("./vrm/model.js");
  stage.wear(await Model.load(stage.host, file));
}

/** Dress her. Raises ModelError; she then goes on as she was. @param {import("./stage.js").Stage} stage @param {Choice} choice */
export async function dress(stage, choice) {
  if (choice === "puppet") return stage.wear(await Puppet.load(stage.host, { still: stage.still }));
  // Asked first: a model that is not there would be an error in the browser's log.
  const { model } = await fetch(PATH).then((answer) => answer.json());
  if (!model) throw new ModelError("none");
  const answer = await fetch(`${PATH}/model?version=${model.version}`);
  await wear(stage, await answer.arrayBuffer());
}

/** Show the user's file, and have MIA keep it for every page and overlay. Raises ModelError, Refusal. @param {import("./stage.js").Stage} stage @param {File} file */
export async function bring(stage, file) {
  const data = await file.arrayBuffer();
  await wear(stage, data);
  const answer = await fetch(`${PATH}/model`, {
    method: "PUT",
    headers: { "content-type": "model/gltf-binary" },
    body: data,
  });
  if (!answer.ok) throw new Refusal((await answer.json()).error.text);
}
