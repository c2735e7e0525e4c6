/**
 * A swipe over the picture or its words is a step: to the left forward, to the right back, as one turns pages. Up and down scroll as ever.
 */
const FAR = 48;
const QUICK_MS = 700;

/** What a finger's way means. @param {{x: number, y: number, ms: number}} way  in CSS pixels and milliseconds @returns {'stepForward' | 'stepBack' | null} */
export function swipeOf({ x, y, ms }) {
  if (ms > QUICK_MS || Math.abs(x) < FAR || Math.abs(x) < 2 * Math.abs(y)) return null;
  return x < 0 ? 'stepForward' : 'stepBack';
}

/** @param {HTMLElement} host @param {(command: string) => void} run */
export function listenToSwipes(host, run) {
  /** @type {{id: number, x: number, y: number, at: number} | null} */
  let down = null;
  host.addEventListener('pointerdown', (event) => {
    const on = /** @type {Element} */ (event.target);
    down = event.pointerType === 'touch' && event.isPrimary && on.closest('.stage, .story') && !on.closest('button, a')
      ? { id: event.pointerId, x: event.clientX, y: event.clientY, at: event.timeStamp } : null;
  });
  host.addEventListener('pointerup', (event) => {
    if (!down || event.pointerId !== down.id) return;
    const command = swipeOf({ x: event.clientX - down.x, y: event.clientY - down.y, ms: event.timeStamp - down.at });
    down = null;
    if (command) run(command);
  });
  host.addEventListener('pointercancel', () => { down = null; });
}
