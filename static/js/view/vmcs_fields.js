/**
 * The VMCS tab: the fields of one VMCS, changed ones marked and with their old value.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { VMCS_FIELDS } from 'vmviz:spec';
import { fieldLabel, GROUP_TERMS, symbolsByAddress } from '../model/format.js';
import { reasonName } from '../model/sentences.js';
import { focusVm, vmcsAddresses, vmcsOf } from '../model/selectors.js';
import { vmcsTable } from '../model/vmcs_table.js';
import { aboutButton, roam, valueRow } from './rows.js';

/** @param {Context} context */
export function vmcsFields({ state, t, run }) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const addresses = vmcsAddresses(scene);
  if (!addresses.length) return html`<p class="empty">${t('vmcs.none')}</p>`;
  const shown = state.vmcs && scene.vmcs[state.vmcs] ? state.vmcs : vmcsOf(scene, focusVm(scene, state.outline))?.[0] ?? addresses[0];
  const vmcs = scene.vmcs[shown];
  const groups = vmcsTable(vmcs, { fields: VMCS_FIELDS, symbols: symbolsByAddress(state.listing.symbols), reason: (number) => reasonName(t, number), all: state.allFields || Boolean(state.search),
    search: state.search, onlyChanged: state.onlyChanged });
  const first = groups.flatMap(({ rows }) => rows).find(({ old }) => old !== undefined);
  const count = Object.keys(vmcs.fields).length;
  return html`<div class="values" tabindex="0" role="group" aria-label=${t('tab.vmcs')} @keydown=${roam}>
    ${addresses.length > 1 ? html`<div class="choose" role="group" aria-label=${t('vmcs.choose')}>${addresses.map((address) => html`
      <button class="btn" aria-pressed=${address === shown} @click=${() => run('vmcs', address)}>${t('diagram.vmcs', { vm: scene.vmcs[address].vm ?? address })}${scene.vmcs[address].current ? html`<span class="note"> ${t('vmcs.current')}</span>` : nothing}</button>`)}</div>` : nothing}
    <div class="find"><input type="search" aria-label=${t('vmcs.search')} placeholder=${t('vmcs.search')} autocomplete="off" spellcheck="false" .value=${state.search} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => run('search', event.target.value)}>
      <label class="switch"><input type="checkbox" .checked=${state.onlyChanged} @change=${() => run('onlyChanged')}> ${t('vmcs.only_changed')}</label></div>
    ${groups.length ? nothing : html`<p class="empty">${t(state.search ? 'vmcs.nothing_found' : 'vmcs.nothing_changed')}</p>`}
    ${groups.map(({ group, rows }) => html`<h3>${aboutButton(t(`vmcs.${group}`), GROUP_TERMS[group])}</h3><dl>${rows.map((row) => valueRow({ ...row, key: row.encoding, name: fieldLabel(row.name), about: `field.${row.name}`, of: shown, current: row === first, was: t('vmcs.was', { old: '' }).trim(),
      label: t('change.ask'), ask: () => run('lastChange', { slot: `vmcs:${shown}:${row.name}`, name: fieldLabel(row.name) }) }))}</dl>`)}
    ${state.search ? nothing : html`<button class="link more" @click=${() => run('allFields')}>${t(state.allFields ? 'vmcs.some' : 'vmcs.all', { count })}</button>`}</div>`;
}
