/**
 * The Code tab: the program's source with address and bytes; the next instruction is marked, and where stopped VMs wait.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { processorOf } from '../model/selectors.js';
import { tidy } from '../model/source.js';

/** @type {WeakMap<object, {line: import('../types').Line, words: ReturnType<typeof tidy>}[]>} */
const tidied = new WeakMap();

/** A listing's lines with their words, computed once; mere rules and doubled empty lines are left out. @param {import('../types').Listing} listing */
function linesOf(listing) {
  let lines = tidied.get(listing);
  if (!lines) {
    const empty = (/** @type {ReturnType<typeof tidy>} */ { code: words, comment }) => !words && !comment;
    lines = listing.lines.map((line) => ({ line, words: tidy(line.text) }))
      .filter(({ line, words }, n, all) => !empty(words) || (line.text.trim() === '' && n > 0 && !empty(all[n - 1].words)));
    tidied.set(listing, lines);
  }
  return lines;
}

/** @param {Context} context */
export function code({ state, t }) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const processor = processorOf(scene);
  const waiting = Object.entries(scene.vms).filter(([vm, { last_exit: exit }]) => exit && !(processor.mode === 'non_root' && processor.vm === vm))
    .map(([vm, { vmcs }]) => ({ vm, rip: scene.vmcs[vmcs ?? '']?.fields.guest_rip }));
  return html`<ol class="code" aria-label=${t('code.label')}>${repeat(linesOf(state.listing), ({ line }) => line.n, ({ line, words }) => {
    const next = line.address !== undefined && line.address === processor.rip && Boolean(line.bytes);
    const vms = line.bytes ? waiting.filter(({ rip }) => rip !== undefined && rip === line.address) : [];
    return html`<li class=${next ? 'next' : line.bytes ? '' : 'plain'} ?data-current=${next} aria-current=${next ? 'step' : nothing}>
      <span class="mark">${next ? html`▶<span class="hear">${t('code.next')}</span>` : vms.map(({ vm }) => html`<span class="waits" title=${t('code.waits', { vm })}>${vm}<span class="hear"> ${t('code.waits', { vm })}</span></span>`)}</span>
      <span class="address">${line.bytes ? line.address : ''}</span>${source(words)}</li>`;
  })}</ol>`;
}

/** A line with its comment told apart. @param {ReturnType<typeof tidy>} line */
function source({ indent, code: words, comment }) {
  return html`<code class=${indent ? 'indent' : ''}>${words}${words && comment ? '  ' : ''}${comment ? html`<span class="comment">${comment}</span>` : nothing}</code>`;
}
