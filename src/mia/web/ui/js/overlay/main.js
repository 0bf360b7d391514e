// The overlay for OBS: MIA on a transparent ground, and nothing to click. Looks on, comes back by
// itself, and is silent unless its address asks for sound.

import { Following } from "../face/following.js";
import { firstLanguage, speak } from "../i18n.js";
import { Player } from "../player.js";
import { Protocol } from "../protocol.js";
import { Realtime } from "../realtime.js";
import { Replies } from "../replies.js";
import { Stage } from "../stage.js";
import { Store, initial } from "../store.js";
import { Subtitles } from "../subtitles.js";
import { ModelError } from "../vrm/check.js";
import { PLAIN, Wardrobe, dress } from "../wardrobe.js";
import { read } from "./options.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

const options = read(new URLSearchParams(location.search));
const store = new Store({ ...initial(), role: "observer", shown: firstLanguage() });
const player = new Player();
const following = new Following();
const replies = new Replies();
const realtime = new Realtime({ role: () => "observer", sound: options.sound, token: options.token });
const subtitles = new Subtitles(find("#subtitle-you"), find("#subtitle-mia"));
const stage = new Stage(
  { store, player, following, replies, subtitles },
  { smooth: true, leadMs: options.leadMs, debug: options.debug },
);
const protocol = new Protocol({
  store,
  realtime,
  player,
  replies,
  following,
  subtitles,
  listens: options.sound,
  toast: () => {}, // an audience is not told of problems; the page is
});

/** @param {import("./options.js").Options} shown */
function place(shown) {
  const { style, dataset } = document.documentElement;
  style.setProperty("--scale", String(shown.scale));
  style.setProperty("--x", `${shown.x}vw`);
  style.setProperty("--y", `${shown.y}vh`);
  style.setProperty("--mirror", shown.flip ? "-1" : "1");
  style.setProperty("--background", shown.background || "transparent");
  dataset.side = shown.side;
  dataset.subtitles = shown.subtitles;
  dataset.style = shown.style;
}

place(options);
realtime.addEventListener("message", (/** @type {any} */ { detail }) => {
  if (detail.type === "session.created") store.set({ connection: "open" });
  protocol.handle(detail);
});
realtime.addEventListener("lost", () => {
  following.forget();
  void player.hush();
  subtitles.hear("", true);
  store.set({ connection: "connecting", phase: "idle", busy: false });
});
player.addEventListener("playing", (/** @type {any} */ { detail }) => store.set(detail));

const wardrobe = new Wardrobe(async (worn) => {
  const { dataset: root } = document.documentElement;
  delete root.problem;
  try {
    await dress(stage, options.avatar, worn);
  } catch (error) {
    // On a stream the puppet is better than a message.
    if (!(error instanceof ModelError)) throw error;
    root.problem = error.problem;
    await dress(stage, "puppet", { ...worn, wears: "puppet" });
  }
});

const [worn] = await Promise.all([options.fixed ? PLAIN : wardrobe.first(), speak(store.state.shown)]);
await stage.start(worn.wears === "puppet" ? worn.colours : {});
if (options.sound) void player.start();
realtime.connect();
if ((worn.wears ?? options.avatar) === "vrm") await wardrobe.change(worn);
if (!options.fixed) wardrobe.follow(store, realtime);
if (options.debug)
  Object.assign(window, {
    mia: { store, player, following, replies, stage, realtime, protocol, options, frames: stage.frames },
  });
document.documentElement.dataset.ready = "";
