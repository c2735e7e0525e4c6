/**
 * Rows of values: name, old value struck out when the last step changed it, new value. A name is a button that explains it, a value one that
 * asks when it last changed. The rows of a panel are one stop of the Tab key, arrow keys go from one to the next; Tab changes between the
 * buttons of the row in focus.
 */
import { html, nothing } from 'lit-html';

/**
 * @param {{key?: string, name: string, value: string, note?: string, old?: string, was: string, current?: boolean, about?: string, of?: string, label?: string, ask?: () => void}} row
 *   `was`: the words for the old value, for those who hear it; `about`, `of`: the key of the name's explanation, and the VMCS it belongs to;
 *   `label`, `ask`: of the button that the value is
 */
export function valueRow({ key, name, value, note, old, was, current = false, about, of, label, ask }) {
  return html`<div class="row ${old === undefined ? '' : 'changed'}" ?data-current=${current}><dt>${key ? html`<i>${key}</i>` : nothing}${about ? aboutButton(name, about, { of, tabindex: -1 }) : name}</dt>
    <dd>${note ? html`<span class="note">${note}</span>` : nothing}${old === undefined ? nothing : html`<del><span class="hear">${was} </span>${old}</del>`}${ask
  ? html`<button class="value" tabindex="-1" title=${label} aria-label="${value}. ${label}" @click=${ask}>${value}</button>` : html`<span class="value">${value}</span>`}</dd></div>`;
}

/**
 * A name that explains itself. @param {unknown} name @param {string} about  the key of its explanation
 * @param {{of?: string, tabindex?: number}} [how]  `of`: the VMCS that a field belongs to; `tabindex`: -1 where arrow keys lead
 */
export function aboutButton(name, about, { of, tabindex } = {}) {
  return html`<button type="button" class="about" tabindex=${tabindex ?? nothing} data-about=${about} data-of=${of ?? nothing} aria-haspopup="dialog">${name}</button>`;
}

/** Arrow keys among the buttons of a list; the list itself is what Tab stops at. @param {KeyboardEvent} event */
export function roam(event) {
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || !['ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) return;
  const column = document.activeElement?.matches('.about') ? '.about' : ':not(.about)';
  const buttons = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(`button[tabindex]${column}`)]);
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const here = at < 0 && list.matches('.code') && event.key.startsWith('Arrow') ? buttons.findIndex((button) => button.closest('[data-current]')) : -1;
  const to = here >= 0 ? here : { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: buttons.length - 1 }[event.key] ?? at;
  if (!buttons[to]) return;
  event.preventDefault();
  event.stopPropagation();
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll('.row button'))) button.tabIndex = button.closest('.row') === buttons[to].closest('.row') ? 0 : -1;
  buttons[to].focus();
}
