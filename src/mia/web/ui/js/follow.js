// Server-sent events: what comes from the server while a page is open.

/**
 * Listen at `path` until the returned function is called. The browser reconnects by itself.
 * @param {string} path @param {(data: any) => void} told @param {(open: boolean) => void} [connected]
 */
export function follow(path, told, connected = () => {}) {
  const source = new EventSource(path);
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => connected(false));
  source.addEventListener("message", ({ data }) => told(JSON.parse(data)));
  return () => source.close();
}

/** Bytes as people read them. @param {number} bytes @param {string} language */
export function size(bytes, language) {
  const [value, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : [bytes / 1e6, "MB"];
  const digits = value < 10 ? 1 : 0;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${unit}`;
}

/** Put a text on the clipboard; false where the browser does not let us. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // plain HTTP from another machine, or not allowed
  }
}
