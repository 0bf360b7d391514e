// Which page is shown: `#/name/…` in the address. Talk is always there and only hidden; the others
// are built when they are opened and taken down when they are left.

import { ApiError } from "./api.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { PAGES } from "./pages.js";

/** @typedef {import("./pages.js").App} App */
/** @typedef {import("./pages.js").Entry} Entry */

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/** The address's page and what follows it; null for a place on the page (`#message`). */
function address() {
  const { hash } = location;
  if (hash !== "" && !hash.startsWith("#/")) return null;
  const [name = "", ...path] = hash.slice(2).split("/").map(decodeURIComponent);
  return { name: name || PAGES[0].name, path };
}

/** @param {string} name @returns {Promise<void>} */
function style(name) {
  const id = `css-${name}`;
  if (document.getElementById(id)) return Promise.resolve();
  return new Promise((done) => {
    const link = h("link", { id, rel: "stylesheet", href: `/ui/css/pages/${name}.css` });
    // Without its looks a page is still of use.
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => done());
    document.head.append(link);
  });
}

export class Router {
  /** @param {Omit<App, "path"|"go">} parts @param {{shown: (talks: boolean) => void}} options */
  constructor(parts, { shown }) {
    this.parts = parts;
    this.shown = shown;
    this.talk = find("#talk");
    this.page = find("#page");
    this.title = find("#page-title");
    this.rail = find("#rail");
    this.more = find("#rail-more");
    this.list = find("#rail-pages");
    /** @type {() => void} */
    this.unmount = () => {};
    /** Counts what was asked for, so that a page that loads slowly cannot come up late. */
    this.asked = 0;
    this.links = new Map(PAGES.map((entry) => [entry.name, this.link(entry)]));
    this.more.addEventListener("click", () => this.unfold(this.more.getAttribute("aria-expanded") !== "true"));
    addEventListener("hashchange", () => void this.show(true));
    parts.store.watch(["shown"], () => this.relabel());
    addEventListener("keydown", ({ key }) => key === "Escape" && this.unfold(false));
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Node && !this.rail.contains(target)) this.unfold(false);
    });
  }

  /** @param {Entry} entry */
  link({ name, icon: drawing, first = false, apart = false }) {
    const link = h("a.rail-link", { href: `#/${name}` }, icon(drawing), h("span"));
    link.addEventListener("click", () => this.unfold(false));
    this.list.append(h("li", { data: { ...(first && { first: "" }), ...(apart && { apart: "" }) } }, link));
    return link;
  }

  /** On a phone: show what had no place in the bar. @param {boolean} open */
  unfold(open) {
    this.more.setAttribute("aria-expanded", String(open));
    this.rail.toggleAttribute("data-open", open);
  }

  relabel() {
    for (const { name, label } of PAGES) this.links.get(name).lastChild.textContent = t(label);
    this.more.hidden = PAGES.every(({ first }) => first);
    void this.show(false);
  }

  /** @param {string} route */
  go(route) {
    location.hash = `#/${route}`;
  }

  /** Show what the address names. @param {boolean} moved somebody went there: what reads aloud is told */
  async show(moved) {
    const asked = address();
    if (!asked) return;
    const entry = PAGES.find(({ name }) => name === asked.name) ?? PAGES[0];
    const turn = ++this.asked;
    for (const [name, link] of this.links) {
      if (name === entry.name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.more.toggleAttribute("data-current", !entry.first);
    const words = t(entry.title ?? entry.label);
    this.title.textContent = words;
    document.title = entry.load ? `${words} · MIA` : "MIA";
    document.body.dataset.page = entry.name;
    this.leave();
    this.talk.hidden = entry.load !== undefined;
    this.page.hidden = entry.load === undefined;
    this.shown(entry.load === undefined);
    if (entry.load) await this.build(entry, entry.load, asked.path, turn);
    if (moved && turn === this.asked) this.title.focus();
  }

  leave() {
    this.unmount();
    this.unmount = () => {};
    this.page.replaceChildren();
    this.page.removeAttribute("data-ready");
  }

  /** @param {Entry} entry @param {NonNullable<Entry["load"]>} load @param {string[]} path @param {number} turn */
  async build(entry, load, path, turn) {
    const root = h(`div.page-body.page-${entry.name}`);
    /** @type {App} */
    const app = { ...this.parts, path, go: (route) => this.go(route) };
    this.page.scrollTop = 0;
    this.page.setAttribute("aria-busy", "true");
    try {
      const [{ mount }] = await Promise.all([load(), style(entry.name)]);
      if (turn !== this.asked) return;
      this.page.append(root);
      const unmount = await mount(root, app);
      if (turn !== this.asked) return unmount();
      this.unmount = unmount;
      this.page.dataset.ready = [entry.name, ...path].join("/");
    } catch (error) {
      if (turn !== this.asked) return;
      this.page.replaceChildren(this.failed(error));
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
    } finally {
      if (turn === this.asked) this.page.removeAttribute("aria-busy");
    }
  }

  /** @param {unknown} error */
  failed(error) {
    const words = error instanceof ApiError ? error.message : t("page.unreachable");
    const again = h("button.button", { type: "button", onclick: () => void this.show(true) }, t("page.retry"));
    return h("div.empty", { role: "alert" }, h("p", {}, words), again);
  }
}
