// The one client of /v1/realtime: connects, hands on what comes, and comes back by itself.

/** @typedef {{type: string} & Record<string, any>} Message */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;
/** Between the word that MIA is elsewhere and going there. */
const MOVES_MS = 1200;
/** Microphone frames are dropped, not queued, once this much waits to be sent: about five seconds. */
const MOST_WAITING = 400_000;

export class Realtime extends EventTarget {
  /** @param {{role: () => "speaker"|"observer", sound?: boolean, token?: string}} options sound: listen though only looking on */
  constructor({ role, sound = false, token = "" }) {
    super();
    this.role = role;
    this.sound = sound;
    this.token = token;
    /** @type {WebSocket|null} */
    this.socket = null;
    this.attempt = 0;
    this.timer = 0;
    this.wasOpen = false;
    // The network is back or the page is looked at again: do not wait out the pause.
    window.addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    const url = new URL("/v1/realtime", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("conversation", "stage");
    url.searchParams.set("role", this.role());
    if (this.sound) url.searchParams.set("sound", "1");
    if (this.token) url.searchParams.set("token", this.token);
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.wasOpen = true;
      this.tell("open");
    });
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      // A server that only says why it hangs up again is not back yet.
      if (message.type === "session.created") this.attempt = 0;
      if (message.type === "mia.moved") this.follow(message);
      this.tell("message", message);
    });
    socket.addEventListener("close", ({ code }) => {
      if (this.socket === socket) this.lost(code);
    });
  }

  /** @param {number} code */
  lost(code) {
    this.socket = null;
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempt++);
    // A little chance in it, so that many pages do not all come back in the same instant.
    this.timer = setTimeout(() => this.connect(), longest * (0.7 + 0.3 * Math.random()));
    this.tell("lost", { code, again: this.wasOpen });
  }

  /**
   * MIA is at another port: go there, unless this page came in by another door (the local network's).
   * @param {any} place
   */
  follow({ host, port, before }) {
    const here = new URL(location.href);
    if (here.protocol !== "http:" || Number(here.port || 80) !== before) return;
    const there = new URL(here);
    there.port = String(port);
    if (host) there.hostname = host;
    if (there.origin === here.origin) return;
    there.searchParams.set("moved", "1");
    this.tell("moved", { origin: there.origin });
    // What is said about it can be read meanwhile.
    setTimeout(() => location.replace(there), MOVES_MS);
  }

  hurry() {
    if (!this.timer) return;
    this.attempt = 0;
    this.connect();
  }

  /** Send one event; false when there is nobody to send it to. @param {Message} message */
  send(message) {
    if (!this.open) return false;
    this.socket?.send(JSON.stringify(message));
    return true;
  }

  /** Send a stretch of the microphone, unless the line is clogged. @param {string} audio base64 */
  sendSound(audio) {
    if ((this.socket?.bufferedAmount ?? 0) > MOST_WAITING) return false;
    return this.send({ type: "input_audio_buffer.append", audio });
  }

  /** @param {string} name @param {unknown} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
