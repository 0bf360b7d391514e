// Dates of memories, in the page's language.

import { language, t } from "../i18n.js";

const DAY = 86400;

/** A day as people say it. @param {number} seconds Unix time */
export function day(seconds) {
  const now = new Date();
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
  if (seconds >= midnight) return t("page.memory.today");
  if (seconds >= midnight - DAY) return t("page.memory.yesterday");
  const date = new Date(seconds * 1000);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(language(), { day: "numeric", month: "short", year });
}

/** @param {number} seconds Unix time */
export const moment = (seconds) =>
  `${day(seconds)}, ${new Date(seconds * 1000).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" })}`;

/** @param {number} count */
export const number = (count) => count.toLocaleString(language());

/** Midnight of a date field's value, as Unix time. @param {string} value */
export const since = (value) => (value ? new Date(`${value}T00:00`).getTime() / 1000 : undefined);
