/** One row of a table of values: name, old value struck out when the last step changed it, new value. */
import { html, nothing } from 'lit-html';

/**
 * @param {{key?: string, name: string, value: string, note?: string, old?: string, was: string, current?: boolean}} row   `was`: the words for the old value, for those who hear it
 */
export function valueRow({ key, name, value, note, old, was, current = false }) {
  return html`<div class="row ${old === undefined ? '' : 'changed'}" ?data-current=${current}><dt>${key ? html`<i>${key}</i>` : nothing}${name}</dt>
    <dd>${note ? html`<span class="note">${note}</span>` : nothing}${old === undefined ? nothing : html`<del><span class="hear">${was} </span>${old}</del>`}<span class="value">${value}</span></dd></div>`;
}
