// The panel's pages. A page is one entry here, `pages/<name>.js` and `css/pages/<name>.css`; the
// module is loaded when the page is first opened.

/**
 * What a page is given. `api` throws an ApiError whose message can be shown as it is.
 * @typedef {object} App
 * @property {typeof import("./i18n.js").t} t
 * @property {typeof import("./i18n.js").has} has
 * @property {typeof import("./i18n.js").language} language
 * @property {typeof import("./api.js").api} api
 * @property {import("./store.js").Store} store
 * @property {import("./notices.js").Notices} notices
 * @property {import("./realtime.js").Realtime} realtime
 * @property {import("./stage.js").Stage} stage
 * @property {import("./obs.js").Worn} worn what she wears in this page
 * @property {() => Promise<void>} soundAt play at the loudspeaker that was chosen last
 * @property {string[]} path what follows the page's name in the address: `#/logs/turn/3` → turn, 3
 * @property {(route: string) => void} go to a page, as "settings" or "logs/turn/3"
 */

/**
 * Builds the page into `root` and returns what ends it. It is mounted anew when the language
 * changes or its own part of the address does.
 * @typedef {(root: HTMLElement, app: App) => (() => void)|Promise<() => void>} Mount
 */

/**
 * @typedef {object} Entry
 * @property {string} name in the address: `#/name`
 * @property {string} icon in icons.svg
 * @property {string} label key of its short name
 * @property {string} [title] key of its full name
 * @property {boolean} [first] has a place of its own in the bar of a phone
 * @property {boolean} [apart] stands with the settings, apart from what one looks at daily
 * @property {() => Promise<{mount: Mount}>} [load] none: it is in index.html and always there
 */

/** @type {Entry[]} */
export const PAGES = [
  { name: "talk", icon: "talk", label: "page.nav.talk", first: true },

  { name: "memory", icon: "memory", label: "page.nav.memory", first: true, load: () => import("./pages/memory.js") },

  { name: "conversations", icon: "conversations", label: "page.nav.conversations", first: true, load: () => import("./pages/conversations.js") },

  { name: "timings", icon: "timings", label: "page.nav.timings", load: () => import("./pages/timings.js") },

  { name: "personas", icon: "persona", label: "page.nav.personas", load: () => import("./pages/personas.js") },

  { name: "avatar", icon: "avatar", label: "page.nav.avatar", load: () => import("./pages/avatar.js") },

  {
    name: "models",
    icon: "models",
    label: "page.nav.models",
    title: "page.nav.models.title",
    load: () => import("./pages/models.js"),
  },

  {
    name: "settings",
    icon: "settings",
    label: "page.nav.settings",
    first: true,
    apart: true,
    load: () => import("./pages/settings.js"),
  },

  { name: "logs", icon: "logs", label: "page.nav.logs", apart: true, load: () => import("./pages/logs.js") },

  {
    name: "phone",
    icon: "link",
    label: "page.nav.phone",
    title: "page.nav.phone.title",
    apart: true,
    load: () => import("./pages/phone.js"),
  },

  {
    name: "setup",
    icon: "star",
    label: "page.nav.setup",
    title: "page.nav.setup.title",
    apart: true,
    load: () => import("./pages/setup.js"),
  },
];
