// Builds the page's parts, ties them together, and shows them to tests as `window.mia`.

import { api } from "./api.js";
import { Chat } from "./chat.js";
import { showControls } from "./controls.js";
import { Following } from "./face/following.js";
import { firstLanguage, has, keep, language, speak, t } from "./i18n.js";
import { showLive } from "./live.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { feelMeant, showModes, TalkKey } from "./modes.js";
import { Notices } from "./notices.js";
import { showObs } from "./obs.js";
import { panic, watchPanic } from "./panic.js";
import { Player } from "./player.js";
import { Protocol } from "./protocol.js";
import { Realtime } from "./realtime.js";
import { Replies } from "./replies.js";
import { Router } from "./router.js";
import { showDevices } from "./sound/dialog.js";
import { Stage } from "./stage.js";
import { Store } from "./store.js";
import { Subtitles } from "./subtitles.js";
import { chooseTheme } from "./theme.js";
import { showTiming } from "./timing.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

const store = new Store();
const player = new Player();
const replies = new Replies();
const microphone = new Microphone();
const realtime = new Realtime({ role: () => store.state.role });
const subtitles = new Subtitles(find("#subtitle-you"), find("#subtitle-mia"));
const following = new Following();
const stage = new Stage({ store, player, following, replies, subtitles });

// ── microphone ───────────────────────────────────────────────────────────────────────────────

async function startMicrophone() {
  void player.start();
  store.set({ microphone: "waiting", problem: null });
  microphone.mute(false);
  try {
    await microphone.start();
    store.set({ microphone: "on" });
    tellMuted(false);
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    store.set({ microphone: "blocked", problem: error.problem });
  }
}

function releaseMicrophone() {
  microphone.stop();
  store.set({ microphone: "off" });
  // What was said up to here is a whole utterance: nothing more will come.
  if (["listening", "pausing"].includes(store.state.phase)) realtime.send({ type: "input_audio_buffer.commit" });
}

/** A wish to be muted or not that MIA could not be told yet. @type {boolean|null} */
let untold = null;

/** Deaf here at once, and everywhere as soon as MIA knows. @param {boolean} muted */
function tellMuted(muted) {
  if (store.state.muted === muted) return;
  store.set({ muted });
  untold = realtime.send({ type: "mia.session.update", muted }) ? null : muted;
}

/** Another microphone was chosen: go on at that one. */
async function changeMicrophone() {
  if (store.state.microphone !== "on") return;
  microphone.stop();
  const { muted } = store.state;
  await startMicrophone();
  if (muted) tellMuted(true);
}

function toggleMicrophone() {
  if (store.state.role === "observer") takeStage();
  if (store.state.paused) {
    tellPaused(false);
    if (store.state.microphone === "on") return;
  }
  if (store.state.microphone === "on") tellMuted(!store.state.muted);
  else if (store.state.microphone !== "waiting") void startMicrophone();
}

function toggleMute() {
  if (store.state.role === "speaker") tellMuted(!store.state.muted);
}

/** @param {boolean} paused */
function tellPaused(paused) {
  if (store.state.role === "speaker") realtime.send({ type: "mia.session.update", paused });
}

/** What was said until the key went up is on its way through the microphone for about so long. */
const STILL_COMING_MS = 100;
let lettingGo = 0;

const talkKey = new TalkKey(find("#mic"), {
  active: () => store.state.mode === "push-to-talk" && store.state.connection === "open",
  async press() {
    clearTimeout(lettingGo);
    void player.start();
    if (store.state.role === "observer") takeStage();
    if (store.state.microphone !== "on" && store.state.microphone !== "waiting") await startMicrophone();
    if (!talkKey.held || store.state.microphone !== "on") return;
    // Who holds the key wants to be heard.
    if (store.state.paused) tellPaused(false);
    tellMuted(false);
    if (realtime.send({ type: "mia.talk", pressed: true })) store.set({ pressed: true });
  },
  release() {
    clearTimeout(lettingGo);
    lettingGo = setTimeout(letGo, STILL_COMING_MS);
  },
});

function letGo() {
  if (!store.state.pressed) return;
  store.set({ pressed: false });
  realtime.send({ type: "mia.talk", pressed: false });
}

function takeStage() {
  void player.start();
  store.set({ role: "speaker" });
  realtime.send({ type: "mia.session.update", role: "speaker" });
}

// ── parts ────────────────────────────────────────────────────────────────────────────────────

const notices = new Notices(store, {
  retry: () => void startMicrophone(),
  take: takeStage,
  sound: () => void player.start(),
  release: () => void panic(store, false),
});
watchPanic(store, () => void player.hush());
const protocol = new Protocol({
  store,
  realtime,
  player,
  replies,
  following,
  subtitles,
  toast: (level, text) => notices.toast(level, text),
});
const chat = new Chat(store, {
  send(text) {
    void player.start();
    const item = { type: "message", role: "user", content: [{ type: "input_text", text }] };
    return realtime.send({ type: "conversation.item.create", item }) && realtime.send({ type: "response.create" });
  },
});

function again() {
  void player.start();
  realtime.send({ type: "mia.again" });
}

function stop() {
  if (store.state.playing || store.state.busy) protocol.stop();
}

microphone.addEventListener("sound", (/** @type {any} */ { detail }) => {
  // With push-to-talk too: the key may be on another device, and MIA lets in only what it says.
  if (store.state.role === "speaker" && !store.state.paused) realtime.sendSound(detail.audio);
});
microphone.addEventListener("level", (/** @type {any} */ { detail }) =>
  find("#mic").style.setProperty("--level", detail.level.toFixed(3)),
);
microphone.addEventListener("lost", () => store.set({ microphone: "blocked", problem: "lost" }));
store.watch(["muted"], ({ muted }) => microphone.mute(muted));
store.watch(["role"], ({ role }) => {
  if (role !== "observer") return;
  talkKey.forget();
  void player.hush();
  if (store.state.microphone === "on") releaseMicrophone();
});

player.addEventListener("playing", (/** @type {any} */ { detail }) =>
  store.set({ ...detail, heardHere: player.heardHere }),
);
player.addEventListener("silenced", (/** @type {any} */ { detail }) => store.set(detail));
player.addEventListener("failed", () => notices.toast("error", t("page.sound.failed")));
player.addEventListener("playhead", (/** @type {any} */ { detail }) =>
  realtime.send({ type: "mia.playhead", ...detail }),
);
for (const gesture of ["pointerdown", "keydown"])
  addEventListener(gesture, () => void player.start(), { capture: true });

realtime.addEventListener("message", (/** @type {any} */ { detail }) => {
  if (detail.type === "session.created") {
    store.set({ connection: "open", missing: [] });
    if (untold !== null) realtime.send({ type: "mia.session.update", muted: untold });
  }
  if (detail.type === "mia.state" && untold !== null) {
    // The first state is from before MIA was told.
    detail.muted = untold;
    untold = null;
  }
  protocol.handle(detail);
});
realtime.addEventListener("moved", (/** @type {any} */ { detail }) =>
  notices.toast("info", t("page.moving", { address: detail.origin })),
);
realtime.addEventListener("lost", async (/** @type {any} */ { detail }) => {
  talkKey.forget();
  store.set({ pressed: false });
  void player.hush();
  following.forget();
  subtitles.hear("", true);
  if (store.state.connection !== "loading") store.set({ connection: detail.again ? "reconnecting" : "connecting" });
  store.set({ phase: "idle", busy: false });
  const health = await fetch("/healthz")
    .then((answer) => answer.json())
    .catch(() => null);
  if (realtime.open) return;
  // Another token is asked for now: the server's own page says what to do.
  if (health && (await fetch("/api/v1/source").catch(() => null))?.status === 401) location.reload();
  if (health && health.status !== "ok") store.set({ connection: "loading", missing: health.missing ?? [] });
  else store.set({ connection: detail.again || !health ? "reconnecting" : "connecting", missing: [] });
});

// ── language ─────────────────────────────────────────────────────────────────────────────────

/** @param {"es"|"en"} chosen */
async function showLanguage(chosen) {
  if (!(await speak(chosen))) return;
  for (const option of document.querySelectorAll("[data-language]"))
    option.setAttribute("aria-pressed", String(option.getAttribute("data-language") === chosen));
  chat.fill();
  store.set({ shown: chosen });
}

for (const option of document.querySelectorAll("[data-language]")) {
  option.addEventListener("click", () => {
    const chosen = /** @type {"es"|"en"} */ (option.getAttribute("data-language"));
    keep(chosen);
    realtime.send({ type: "mia.session.update", language: chosen });
    void showLanguage(chosen);
  });
}

async function showFoot() {
  const [{ source, release }, { config }] = await Promise.all(
    ["/api/v1/source", "/api/v1/state"].map((path) => fetch(path).then((answer) => answer.json())),
  );
  find("#source").href = source;
  find("#version").textContent = `MIA ${release}`;
  find("#brain").hidden = !config.embedded_brain;
  store.set({ names: config.wake_names ?? [], attention: config.attention_s ?? store.state.attention });
}

/** The page's cookie stands for the token now: no stream and no shared screen is to show it. */
function hideToken() {
  const shown = new URL(location.href);
  if (!shown.searchParams.has("token")) return;
  shown.searchParams.delete("token");
  history.replaceState(history.state, "", shown);
}

/** Whoever followed her to another port is told once, since OBS and bookmarks do not follow. */
function welcome() {
  const shown = new URL(location.href);
  if (!shown.searchParams.has("moved")) return;
  shown.searchParams.delete("moved");
  history.replaceState(history.state, "", shown);
  notices.toast("info", t("page.moved", { address: location.origin }));
}

hideToken();
chooseTheme();
await showLanguage(firstLanguage());
welcome();
const worn = showObs(stage, store, realtime, (level, text) => notices.toast(level, text));
const soundAt = () => player.route();
showDevices({ microphone: changeMicrophone, loudspeaker: soundAt });
navigator.mediaDevices?.addEventListener("devicechange", () => void soundAt());
const parts = { t, has, language, api, store, notices, realtime, stage, worn, soundAt };
new Router(parts, { shown: (talks) => stage.sleep(!talks) });
showControls(store, {
  toggle: toggleMicrophone,
  mute: toggleMute,
  pause: () => tellPaused(!store.state.paused),
  release: releaseMicrophone,
  stop,
  again,
  talk: talkKey,
});
feelMeant(store);
showLive(store, { toggle: toggleMicrophone, pause: () => tellPaused(!store.state.paused), stop });
showModes(store, {
  mode: (mode) => realtime.send({ type: "mia.session.update", mode }),
  pause: tellPaused,
  mute: toggleMute,
});
showTiming(store);
// The conversation's language is the truth; `auto` leaves the page as it is.
store.watch(["language"], ({ language, shown }) => {
  if ((language === "es" || language === "en") && language !== shown) void showLanguage(language);
});
realtime.connect();
performance.mark("mia.interactive");
await Promise.all([worn.start(), showFoot()]);
stage.feelPointer();

Object.assign(window, { mia: { store, player, stage, realtime, microphone, t } });
document.documentElement.dataset.ready = "";
