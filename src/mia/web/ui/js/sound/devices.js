// This browser's microphones and loudspeakers, and which of them MIA uses here.

/** @typedef {"audioinput"|"audiooutput"} Kind */
/** @typedef {{id: string, label: string}} Choice id "": the system's own */

const KEPT = /** @type {const} */ ({ audioinput: "mia.microphone", audiooutput: "mia.loudspeaker" });
/** @type {Choice} */
const SYSTEM = { id: "", label: "" };

/** @param {Kind} kind @returns {Choice} */
export function chosen(kind) {
  try {
    const { id, label } = JSON.parse(localStorage.getItem(KEPT[kind]) ?? "{}");
    return typeof id === "string" ? { id, label: String(label ?? "") } : SYSTEM;
  } catch {
    return SYSTEM;
  }
}

/** @param {Kind} kind @param {Choice} choice */
export function choose(kind, choice) {
  if (choice.id) localStorage.setItem(KEPT[kind], JSON.stringify(choice));
  else localStorage.removeItem(KEPT[kind]);
}

/**
 * Those there are. Browsers hide names and all but one of each until the microphone was allowed.
 * @param {Kind} kind @returns {Promise<Choice[]>}
 */
export async function devices(kind) {
  const every = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return every
    .filter((device) => device.kind === kind && device.deviceId && device.label)
    .filter(({ deviceId }) => !["default", "communications"].includes(deviceId))
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** The chosen one among those there are. Its id changes when the browser forgets this page; its name stays. @param {Choice[]} found @param {Choice} wish */
export const among = (found, { id, label }) =>
  found.find((device) => device.id === id) ?? (label ? found.find((device) => device.label === label) : undefined);

/** What the microphone is asked for: the chosen one while it is plugged in, else the system's. @returns {Promise<MediaTrackConstraints>} */
export async function wanted() {
  const usual = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const wish = chosen("audioinput");
  if (!wish.id) return usual;
  const here = among(await devices("audioinput"), wish);
  // Before it was allowed nothing has a name: then the id is asked for as it was kept. Browsers
  // take a mere wish for less than the user's choice.
  return { ...usual, deviceId: here ? { exact: here.id } : { ideal: wish.id } };
}

/** Whether this browser lets a page choose where its sound goes. */
export const sinks = () => "setSinkId" in AudioContext.prototype;

/** Play where it was chosen; the system's own where that is not there. @param {AudioContext|HTMLAudioElement} player */
export async function playAt(player) {
  const { sinkId = "", setSinkId } = /** @type {any} */ (player);
  if (!setSinkId) return;
  const wish = chosen("audiooutput");
  const id = (wish.id && among(await devices("audiooutput"), wish)?.id) || "";
  if (sinkId === id) return;
  try {
    await setSinkId.call(player, id);
  } catch (error) {
    // Unplugged meanwhile, or not allowed: she is heard at the system's own.
    if (!(error instanceof DOMException)) throw error;
  }
}
