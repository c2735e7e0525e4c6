/**
 * The TLB tab: what it holds, with the tags that decide who may use an entry: VPID, EPT, PCID.
 * @typedef {import('./player.js').Context} Context
 */
import { html } from 'lit-html';
import { lookedAt, processorOf } from '../model/selectors.js';
import { aboutButton } from './rows.js';
import { whose } from './whose.js';

/** What explains each column. @type {Record<string, string>} */
const ABOUT = { vpid: 'vpid', pcid: 'pcid', ept: 'ept', linear: 'linear_address', physical: 'physical_address', flags: 'page_flags' };

/** What tells an entry from others, in an event as in the table. @param {any} entry */
const tags = ({ linear, vpid = 0, ept = '0' }) => `${linear} ${vpid} ${ept}`;

/** @param {Context} context */
export function tlb({ state, t, run }) {
  const entries = state.look.tlb?.ok ? state.look.tlb.entries : [];
  const acted = state.scene && lookedAt(state.scene, state.look) === processorOf(state.scene);
  const filled = new Set(state.events.filter(({ type, action }) => acted && type === 'tlb' && action === 'fill').map(tags));
  if (!entries.length) return html`${whose({ state, t, run })}<p class="empty tally">${aboutButton(t('tlb.none'), 'term.tlb')}</p>`;
  return html`${whose({ state, t, run })}<p class="tally">${aboutButton(t('tlb.count', { count: entries.length }), 'term.tlb')}</p>
    <div class="walk-scroll" tabindex="0" role="group" data-scroller aria-label=${t('tab.tlb')}><table class="exits tlb"><thead><tr>${Object.keys(ABOUT).map((key) => html`<th scope="col">${aboutButton(t(`tlb.${key}`), `term.${ABOUT[key]}`)}</th>`)}</tr></thead>
    <tbody>${entries.map((/** @type {any} */ entry) => html`<tr class=${filled.has(tags(entry)) ? 'current' : ''}><td>${entry.vpid}</td><td>${entry.pcid}</td><td class="mono">${entry.ept === '0' ? t('diagram.dash') : entry.ept}</td>
      <td><button class="link" title=${t('tlb.walk')} @click=${() => run('look', { address: entry.linear, tab: 'memory' })}>${entry.linear}</button></td><td class="mono">${entry.physical}</td>
      <td>${entry.flags.map((/** @type {string} */ flag) => t(`tlb.flag.${flag}`)).join(' ')}</td></tr>`)}</tbody></table></div>`;
}
