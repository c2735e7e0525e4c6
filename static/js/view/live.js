/**
 * The live region: one sentence for the current step, read by screen readers. Changes with every manual step; while playing at
 * most every two seconds, and always to the last one.
 */
const PLAYING_MS = 2000;

/** @param {HTMLElement} element */
export function createAnnouncer(element) {
  let last = -Infinity;
  let timer = 0;
  let pending = '';
  const say = () => {
    last = performance.now();
    if (element.textContent !== pending) element.textContent = pending;
  };
  /** @param {string} sentence @param {boolean} manual */
  return (sentence, manual) => {
    clearTimeout(timer);
    pending = sentence;
    const wait = manual ? 0 : last + PLAYING_MS - performance.now();
    if (wait <= 0) say();
    else timer = window.setTimeout(say, wait);
  };
}
