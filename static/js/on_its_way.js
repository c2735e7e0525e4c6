/**
 * Answers that are on their way to the machine. A learner may press twice, or choose something else before the verdict comes: the same answer is sent
 * once, and only the latest of several has a verdict to show.
 * @typedef {import('./socket.js').Ack} Ack
 */

/** @returns {(id: string, given: unknown, send: () => Promise<Ack>) => Promise<{ack: Ack, latest: boolean} | null>} */
export function onItsWay() {
  /** The latest by what it answers. @type {Map<string, {given: string}>} */
  const latest = new Map();
  return async (id, given, send) => {
    const mine = { given: JSON.stringify(given ?? null) };
    if (latest.get(id)?.given === mine.given) return null;
    latest.set(id, mine);
    const ack = await send();
    const last = latest.get(id) === mine;
    if (last) latest.delete(id);
    return { ack, latest: last };
  };
}
