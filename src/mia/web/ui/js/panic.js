// The panic stop: Esc twice, quickly, silences her everywhere until somebody releases her.

/** Two presses within so long are no second thought. */
const TWICE_MS = 700;

/** @param {import("./store.js").Store} store @param {() => void} hush silences this page at once */
export function watchPanic(store, hush) {
  let before = -Infinity;
  // Before everybody else: whatever has the focus, and whatever else Esc means there.
  addEventListener(
    "keydown",
    ({ key, repeat, timeStamp }) => {
      if (key !== "Escape" || repeat) return;
      const again = timeStamp - before < TWICE_MS;
      before = again ? -Infinity : timeStamp;
      if (!again || store.state.panic) return;
      hush();
      void panic(store, true);
    },
    { capture: true },
  );
}

/** @param {import("./store.js").Store} store @param {boolean} on */
export async function panic(store, on) {
  const answer = await fetch("/api/v1/panic", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ on }),
  }).catch(() => null);
  if (answer?.ok) store.set({ panic: on });
}
