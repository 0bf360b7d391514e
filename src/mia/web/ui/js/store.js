// The one store: what the page knows, and who wants to be told when it changes.

/** @typedef {{es: string, en: string}} Text */
/** @typedef {{level: "info"|"warning"|"error", code: string, parameters?: Record<string, unknown>, text: Text}} Notice */
/** @typedef {{text: string, when?: string, speaker?: string}} Remembered what came to mind for a reply */
/** @typedef {{id: string, role: "user"|"assistant"|"system", text: string, status: string, speaker?: string}} Message */
/** @typedef {"off"|"waiting"|"on"|"blocked"} MicrophoneState */
/** @typedef {"denied"|"none"|"insecure"|"busy"|"unsupported"|"lost"} MicrophoneProblem */
/** @typedef {"connecting"|"loading"|"open"|"reconnecting"} Connection */
/** @typedef {"idle"|"listening"|"pausing"|"committed"|"speaking"|"ducked"} Phase */
/** @typedef {"hands-free"|"push-to-talk"|"wake-name"} Mode */
/** @typedef {"connecting"|"loading"|"reconnecting"|"ready"|"listening"|"thinking"|"speaking"|"muted"|"observer"|"paused"|"waiting"|"named"|"panic"} Shown */

/**
 * @typedef {object} State
 * @property {Connection} connection
 * @property {{code: string, parameters?: Record<string, unknown>, text: Text}[]} missing what the server says it lacks while it cannot talk
 * @property {Phase} phase
 * @property {boolean} muted
 * @property {boolean} paused
 * @property {boolean} panic silenced everywhere, until somebody releases her
 * @property {Mode} mode
 * @property {boolean} pressed the push-to-talk key is down
 * @property {string[]} names what she answers to in the mode `wake-name`
 * @property {number} attention seconds after her last word in which she needs no name
 * @property {boolean} meant she has spoken so lately that she needs none
 * @property {boolean} busy
 * @property {string} call the call MIA is in, empty: she is here
 * @property {"speaker"|"observer"} role
 * @property {string} persona
 * @property {import("./wardrobe.js").Outfit|null} face what her persona is shown as; null: not told yet
 * @property {"none"|"hers"|"both"} recording whose sound is kept
 * @property {string} language the conversation's: es, en or auto
 * @property {"es"|"en"} shown the page's own language
 * @property {Notice[]} notices
 * @property {MicrophoneState} microphone
 * @property {MicrophoneProblem|null} problem why the microphone is blocked
 * @property {boolean} playing MIA is being heard now
 * @property {{seconds: number, stutters: number, silent: number}} heardHere her voice on this page, and how often and how long it ran out
 * @property {boolean} silenced the browser wants a click before it lets sound out
 * @property {Message[]} messages
 * @property {Record<string, Remembered[]>} remembered by the id of the reply
 * @property {{turn: string, text: string, final: boolean}|null} hearing what the user is saying
 * @property {{stages: Record<string, number>, v2v_ms: number|null}|null} timing of the last answer
 */

/** @returns {State} */
export const initial = () => ({
  connection: "connecting",
  missing: [],
  phase: "idle",
  muted: false,
  paused: false,
  panic: false,
  mode: "hands-free",
  pressed: false,
  names: [],
  attention: 20,
  meant: false,
  busy: false,
  call: "",
  role: "speaker",
  persona: "",
  recording: "none",
  face: null,
  language: "auto",
  shown: "es",
  notices: [],
  microphone: "off",
  problem: null,
  playing: false,
  heardHere: { seconds: 0, stutters: 0, silent: 0 },
  silenced: false,
  messages: [],
  remembered: {},
  hearing: null,
  timing: null,
});

export class Store {
  /** @param {State} state */
  constructor(state = initial()) {
    this.state = state;
    /** @type {{keys: (keyof State)[], tell: (state: State) => void}[]} */
    this.watchers = [];
  }

  /** Change some of it; those who watch a key that really changed are told. @param {Partial<State>} patch */
  set(patch) {
    const before = this.state;
    const changed = /** @type {(keyof State)[]} */ (Object.keys(patch)).filter((key) => patch[key] !== before[key]);
    if (changed.length === 0) return;
    this.state = { ...before, ...patch };
    for (const { keys, tell } of this.watchers) if (keys.some((key) => changed.includes(key))) tell(this.state);
  }

  /**
   * Call `tell` now and whenever one of `keys` changes.
   * @param {(keyof State)[]} keys @param {(state: State) => void} tell
   * @returns {() => void} ends it
   */
  watch(keys, tell) {
    const watcher = { keys, tell };
    this.watchers.push(watcher);
    tell(this.state);
    return () => {
      this.watchers = this.watchers.filter((other) => other !== watcher);
    };
  }
}

/** The one word for what MIA does. @param {State} state @returns {Shown} */
export function shownState(state) {
  if (state.connection !== "open") return state.connection;
  if (state.panic) return "panic";
  if (state.paused) return "paused";
  if (state.playing || state.phase === "speaking" || state.phase === "ducked") return "speaking";
  if (state.phase === "committed") return "thinking";
  if (state.phase === "listening" || state.phase === "pausing") return "listening";
  if (state.busy) return "thinking";
  if (state.role === "observer") return "observer";
  if (state.microphone !== "on") return "ready";
  if (state.muted) return "muted";
  if (state.mode === "push-to-talk" && !state.pressed) return "waiting";
  return state.mode === "wake-name" && !state.meant ? "named" : "listening";
}

/** The keys `shownState` reads. @type {(keyof State)[]} */
export const SHOWN_KEYS = [
  "connection",
  "panic",
  "playing",
  "phase",
  "busy",
  "role",
  "microphone",
  "muted",
  "paused",
  "mode",
  "pressed",
  "meant",
];
