/**
 * The Memory tab: how a linear address is translated, entry by entry, and the bytes where it leads; bitmaps and MSR areas, where a VMCS has some.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { kindsAt } from '../model/bitmaps.js';
import { cellAt, grid, hexRows } from '../model/walk.js';
import { lookedAt } from '../model/selectors.js';
import { lazily } from './lazy.js';
import { aboutButton } from './rows.js';
import { whose } from './whose.js';

const PLACES = /** @type {const} */ (['rip', 'rsp', 'rsi', 'rdi']);

/** @param {Context} context */
export function memory(context) {
  const { state, t, run, boot } = context;
  const { kinds, kind } = kindsAt(state);
  return html`${kinds.length ? html`<div class="choose" role="group" aria-label=${t('bitmap.choose')}>${['', ...kinds].map((id) => html`
      <button class="btn" data-command="look" aria-pressed=${kind === id} @click=${() => run('look', { kind: id, part: '', bit: undefined })}>${t(id ? `bitmap.${id}` : 'bitmap.translation')}</button>`)}</div>` : nothing}
    ${kind ? lazily('bitmaps', async () => (await import('./bitmaps.js')).load(boot), context) : translation(context)}`;
}

/** @param {Context} context */
function translation({ state, t, run }) {
  const { look } = state;
  const processor = lookedAt(/** @type {import('../types').Scene} */ (state.scene), look);
  /** @param {SubmitEvent} event */
  const go = (event) => {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.currentTarget).elements.namedItem('address'));
    const address = input.value.trim().toLowerCase().replace(/^0x|h$/g, '').replaceAll('_', '');
    input.setCustomValidity(/^[0-9a-f]{1,16}$/.test(address) ? '' : t('memory.wrong'));
    if (input.reportValidity()) run('look', { address });
  };
  return html`${whose({ state, t, run })}<form class="find" @submit=${go}>
      <label>${t('memory.address')} <input name="address" type="text" spellcheck="false" autocomplete="off" .value=${look.address || processor.rip} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => event.target.setCustomValidity('')}></label>
      <select aria-label=${t('memory.access')} @change=${(/** @type {Event & {target: HTMLSelectElement}} */ event) => run('look', { access: event.target.value })}>${['read', 'write', 'fetch'].map((access) => html`<option value=${access} ?selected=${look.access === access}>${t(`access.${access}`)}</option>`)}</select>
      <button class="btn">${t('memory.go')}</button></form>
    <div class="choose" role="group" aria-label=${t('memory.places')}>${PLACES.map((name) => html`<button class="btn" aria-pressed=${look.address === processor.registers[name] || (name === 'rip' && !look.address)} @click=${() => run('look', { address: name === 'rip' ? '' : processor.registers[name] })}>${name.toUpperCase()}</button>`)}</div>
    ${look.walk?.ok ? html`${walkPicture(look.walk, look.reference, { state, t, run })}${look.bytes ? bytes(look, t) : nothing}` : nothing}`;
}

/** What is spoken of here, as buttons that explain it. @param {string[][]} all @param {import('../types').Translate} t */
function terms(all, t) {
  return html`<p class="terms-here">${all.map(([key, words]) => html`${aboutButton(t(words), key)} `)}</p>`;
}

/** The entries that were read, in a grid. @param {any} walk @param {number} chosen @param {Pick<Context, 'state' | 't' | 'run'>} context */
function walkPicture(walk, chosen, { t, run }) {
  const rows = grid(walk);
  const nested = rows.some(({ ept }) => ept.length);
  const at = Math.min(chosen || walk.references, walk.references);
  const cell = cellAt(rows, at);
  const name = (/** @type {import('../model/walk.js').Cell} */ { of, level }) => t(`walk.${of}.${level}`);
  const said = cell ? t('walk.reference', { number: at, count: walk.references, name: name(cell), address: cell.address, value: cell.value }) : '';
  return html`<p class="tally">${t(`walk.${walk.outcome}`, { linear: walk.linear, physical: walk.physical ?? '', count: walk.references, access: t(`access.${walk.access}`) })}${walk.cached ? ` ${t('walk.cached')}` : ''}</p>
    ${walk.references ? html`<div class="walk-steps"><button class="btn" aria-label=${t('walk.back')} aria-disabled=${at <= 1} @click=${() => run('look', { reference: Math.max(1, at - 1) })}>‹</button>
      <output role="status">${said}</output><button class="btn" aria-label=${t('walk.forward')} aria-disabled=${at >= walk.references} @click=${() => run('look', { reference: Math.min(walk.references, at + 1) })}>›</button></div>` : nothing}
    ${terms([['term.linear_address', 'memory.address'], ['term.page_table', 'memory.tables'], ...(nested ? [['term.ept', 'tlb.ept'], ['term.guest_physical_address', 'memory.guest_physical']] : []), ['term.page_flags', 'memory.flags']], t)}
    <div class="walk-scroll" tabindex="0" role="group" data-scroller aria-label=${t('walk.caption')}><table class="walk ${nested ? 'nested' : ''}"><caption class="hear">${t('walk.caption')}</caption>
      <thead><tr><th scope="col">${t('walk.address')}</th>${nested ? [4, 3, 2, 1].map((level) => html`<th scope="col">${t(`walk.ept.${level}`)}</th>`) : nothing}<th scope="col">${t('walk.holds')}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr><th scope="row">${t(`walk.guest.${row.level}`)}<span>${row.register ? t('walk.register') : row.address ?? ''}</span></th>
        ${nested ? [0, 1, 2, 3].map((n) => cellView(row.ept[n], at, name, t)) : nothing}
        ${row.entry ? cellView(row.entry, at, name, t) : html`<td class="page">${row.level === 0 && walk.physical !== undefined ? html`<b>${walk.physical}</b>` : ''}</td>`}</tr>`)}</tbody></table></div>`;
}

/** @param {import('../model/walk.js').Cell | undefined} cell @param {number} at @param {(cell: import('../model/walk.js').Cell) => string} name @param {import('../types').Translate} t */
function cellView(cell, at, name, t) {
  if (!cell) return html`<td></td>`;
  const when = cell.number === at ? 'here' : cell.number > at ? 'ahead' : '';
  return html`<td class="entry entry-${cell.of} ${when} ${cell.bad ? 'bad' : ''}" title="${name(cell)} @${cell.address}: ${cell.value}" aria-current=${cell.number === at ? 'step' : nothing}>
    <small>${cell.number || ''}${cell.bad ? ` ${t('walk.bad')}` : ''}</small>${cell.frame}<span>${cell.flags || t('walk.empty')}</span></td>`;
}

/** @param {import('../types').Look} look @param {import('../types').Translate} t */
function bytes({ bytes: all, at, old }, t) {
  return html`<h3 class="bytes-title">${aboutButton(t('memory.bytes', { address: at }), 'term.physical_address')}</h3>
    <table class="bytes"><caption class="hear">${t('memory.bytes', { address: at })}</caption><tbody>${hexRows(all, at, old).map((row) => html`<tr><th scope="row">${row.address}</th>
    <td>${row.bytes.map(({ byte, changed }, n) => html`${n ? ' ' : ''}${changed ? html`<mark>${byte}</mark>` : byte}`)}</td><td aria-hidden="true">${row.text}</td></tr>`)}</tbody></table>`;
}
