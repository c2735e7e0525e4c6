/**
 * Keeps the current line of each list (`data-current` in a `data-scroller`) in sight without moving the page.
 */

/** The lists are scrolled once a frame, when the browser lays out what was drawn. */
let revealing = false;
/** @type {import('../types').State} */
let drawnLast;
let shown = '';
let tabShown = '';
/** Once what was drawn is laid out. @param {HTMLElement} host @param {import('../types').State} state */
export function revealCurrent(host, state) {
  drawnLast = state;
  if (revealing) return;
  revealing = true;
  requestAnimationFrame(() => {
    revealing = false;
    reveal(host, drawnLast);
  });
}

/** @param {HTMLElement} host @param {import('../types').State} state */
function reveal(host, state) {
  const panel = host.querySelector('#panel');
  if (panel && tabShown !== state.tab) {
    panel.scrollTop = 0;
    const [list, tab] = [host.querySelector('.tabs'), /** @type {HTMLElement | null} */ (host.querySelector('.tabs .on'))];
    if (list && tab) list.scrollLeft = tab.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2;
  }
  tabShown = state.tab;
  const lines = host.querySelectorAll('[data-current]');
  for (const line of lines) if (line.closest('[data-scroller]')) resized.observe(/** @type {Element} */ (line.closest('[data-scroller]')));
  const mark = `${state.tab} ${state.codeSide} ${state.position.step}.${state.position.phase}`;
  if (mark === shown || !lines.length) return;
  shown = mark;
  bringIntoSight(lines);
}
/** What stands above may take room from a list after the step was drawn. */
const resized = new ResizeObserver((lists) => {
  for (const { target } of lists) bringIntoSight(target.querySelectorAll('[data-current]'));
});

/** @param {NodeListOf<Element>} lines */
function bringIntoSight(lines) {
  for (const line of lines) {
    const scroller = line.closest('[data-scroller]');
    if (!scroller) continue;
    const [box, { top, bottom }] = [scroller.getBoundingClientRect(), line.getBoundingClientRect()];
    if (top < box.top + 8 || bottom > box.bottom - 8) scroller.scrollTop += top - box.top - box.height * 0.38;
  }
}
