/**
 * Explanations, for those who ask: whatever stands on the page with `data-about="KEY"` is explained at a click. The explanations and
 * what shows them are a script of their own, loaded when the first is asked for.
 * @typedef {import('./view/player.js').Context} Context
 */

/** @param {() => Context} context  what is on the page now */
export function answerQuestions(context) {
  document.addEventListener('click', async ({ target }) => {
    const mark = target instanceof Element ? target.closest('[data-about]') : null;
    if (!mark || mark.closest('dialog')) return;
    const { explain } = await import('./explain.js');
    explain(/** @type {HTMLElement | SVGElement} */ (mark), context());
  });
  document.addEventListener('keydown', (event) => {
    const mark = event.target instanceof HTMLElement && event.target.matches('span[data-about]') ? event.target : null;
    if (!mark || (event.key !== 'Enter' && event.key !== ' ')) return;
    event.preventDefault();
    mark.click();
  });
}
