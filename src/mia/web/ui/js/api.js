// The HTTP API from the pages: JSON in, JSON out, problems in the page's own language.

import { language, t } from "./i18n.js";

/** What went wrong, in the page's words; `code` and `parameters` are the server's. */
export class ApiError extends Error {
  /** @param {{code: string, text?: Record<string, string>, message?: string, parameters?: Record<string, any>, fields?: {key: string, text: Record<string, string>}[]}} problem @param {number} status */
  constructor(problem, status) {
    super(problem.text?.[language()] ?? problem.message ?? problem.code);
    this.code = problem.code;
    this.parameters = problem.parameters ?? {};
    /** The whole problem as it came, for those who know more of it. */
    this.problem = problem;
    this.status = status;
  }
}

/**
 * Ask the API.
 * @param {string} path from the root, as "/api/v1/state"
 * @param {{method?: string, body?: any, signal?: AbortSignal, raw?: boolean}} [options]
 *   body: sent as JSON, or as it is where it is a Blob; raw: the Response itself
 * @returns {Promise<any>} null where the answer is empty. Throws ApiError.
 */
export async function api(path, { method, body, signal, raw = false } = {}) {
  const asItIs = body instanceof Blob || body instanceof ArrayBuffer;
  /** @type {RequestInit} */
  const request = { method: method ?? (body === undefined ? "GET" : "POST"), signal };
  if (body !== undefined) {
    request.body = asItIs ? body : JSON.stringify(body);
    request.headers = { "content-type": asItIs ? "application/octet-stream" : "application/json" };
  }
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ code: "page.unreachable", message: t("page.unreachable") }, 0);
  }
  if (!answer.ok) {
    const { error } = await answer.json().catch(() => ({}));
    throw new ApiError(
      error ?? { code: "page.failed", message: t("page.failed", { status: answer.status }) },
      answer.status,
    );
  }
  if (raw) return answer;
  if (answer.status === 204) return null;
  return answer.json();
}
