/**
 * What has the focus when a key is pressed, in the words of model/keys.js.
 * @param {KeyboardEvent} event
 * @returns {import('../model/keys.js').Context['focus']}
 */
export function focusKind(event) {
  const target = /** @type {Element | null} */ (event.composedPath()[0] instanceof Element ? event.composedPath()[0] : document.activeElement);
  if (!target) return 'page';
  if (target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')) return 'typing';
  if (target.matches('[role=tab]')) return 'tabs';
  if (target.matches('[role=slider]')) return 'slider';
  if (target.matches('button, [role=button], a[href], summary, input')) return 'button';
  if (target.matches('[data-scroller]')) return 'scroller';
  return 'page';
}
