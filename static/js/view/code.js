/**
 * The Code tab: the program's source with address and bytes; the next instruction is marked, and where stopped VMs wait.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { processorOf } from '../model/selectors.js';

/** @param {Context} context */
export function code({ state, t }) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const processor = processorOf(scene);
  const waiting = Object.entries(scene.vms).filter(([vm, { last_exit: exit }]) => exit && !(processor.mode === 'non_root' && processor.vm === vm))
    .map(([vm, { vmcs }]) => ({ vm, rip: scene.vmcs[vmcs ?? '']?.fields.guest_rip }));
  return html`<ol class="code" aria-label=${t('code.label')}>${repeat(state.listing.lines, ({ n }) => n, (line) => {
    const next = line.address !== undefined && line.address === processor.rip && Boolean(line.bytes);
    const vms = line.bytes ? waiting.filter(({ rip }) => rip !== undefined && rip === line.address) : [];
    return html`<li class=${next ? 'next' : line.bytes ? '' : 'plain'} ?data-current=${next} aria-current=${next ? 'step' : nothing}>
      <span class="mark">${next ? html`▶<span class="hear">${t('code.next')}</span>` : vms.map(({ vm }) => html`<span class="waits" title=${t('code.waits', { vm })}>${vm}<span class="hear"> ${t('code.waits', { vm })}</span></span>`)}</span>
      <span class="address">${line.bytes ? line.address : ''}</span><code>${source(line.text)}</code></li>`;
  })}</ol>`;
}

/** A line with its comment told apart. @param {string} text */
function source(text) {
  const at = text.indexOf(';');
  return at < 0 ? text || ' ' : html`${text.slice(0, at)}<span class="comment">${text.slice(at)}</span>`;
}
