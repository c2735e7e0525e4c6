/**
 * The Registers tab: the registers of the processor in groups; those that the last step changed are marked, with the old value.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { bitNames, registerLabel } from '../model/format.js';
import { processorOf } from '../model/selectors.js';
import { roam, valueRow } from './rows.js';

const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'tr', 'ldtr'];
/** @type {[string, (name: string) => boolean][]} */
const GROUPS = [
  ['general', (name) => /^(r[a-ds][xip]|rbp|rsp|r\d+|rip|rflags)$/.test(name)],
  ['control', (name) => /^(cr\d|efer|xcr0|ia32_efer|ia32_feature_control)$/.test(name)],
  ['tables', (name) => /^[gi]dtr_/.test(name)],
  ['debug', (name) => /^dr\d$/.test(name)],
];
const ORDER = ['rip', 'rflags', 'rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'];
const rank = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : 100 + Number(/\d+/.exec(name)?.[0] ?? 99));

/** @param {Context} context */
export function registers({ state, t, run }) {
  const processor = processorOf(/** @type {import('../types').Scene} */ (state.scene));
  const { registers: all, changed = {} } = processor;
  const left = new Set(Object.keys(all));
  const row = (/** @type {string} */ name) => {
    const old = changed[name];
    const bits = bitNames(name, all[name]);
    return valueRow({ name: registerLabel(name), about: `register.${name.replace(/^([gi]dtr)_.*/, '$1')}`, value: all[name], note: bits, old, was: t('vmcs.was', { old: '' }).trim(),
      label: t('change.ask'), ask: () => run('lastChange', { slot: name, name: registerLabel(name) }) });
  };
  const groups = GROUPS.map(([key, mine]) => {
    const names = Object.keys(all).filter(mine).sort((a, b) => rank(a) - rank(b));
    names.forEach((name) => left.delete(name));
    return { key, names };
  });
  for (const segment of SEGMENTS) for (const part of ['selector', 'base', 'limit', 'rights']) left.delete(`${segment}_${part}`);
  const group = (/** @type {string} */ key, /** @type {string[]} */ names) => (names.length ? html`<h3>${t(`registers.${key}`)}</h3><dl>${names.map(row)}</dl>` : nothing);
  return html`<div class="values" tabindex="0" role="group" aria-label=${t('tab.registers')} @keydown=${roam}>${groups.slice(0, 2).map(({ key, names }) => group(key, names))}
    ${all.cs_selector === undefined ? nothing : html`<h3>${t('registers.segments')}</h3><dl>${SEGMENTS.filter((name) => all[`${name}_selector`] !== undefined).map((name) => segmentRow(name, all, changed, { t, run }))}</dl>`}
    ${groups.slice(2).map(({ key, names }) => group(key, names))}${group('other', [...left].sort())}</div>`;
}

/** Selector, base and limit in one row. @param {string} name @param {Record<string, string>} all @param {Record<string, string>} changed @param {Pick<Context, 't' | 'run'>} context */
function segmentRow(name, all, changed, { t, run }) {
  const old = ['selector', 'base', 'limit', 'rights'].some((part) => changed[`${name}_${part}`] !== undefined) ? changed[`${name}_selector`] ?? all[`${name}_selector`] : undefined;
  return valueRow({ name: name.toUpperCase(), about: `register.${name}`, label: t('change.ask'), ask: () => run('lastChange', { slot: `${name}_selector`, name: name.toUpperCase() }), value: all[`${name}_selector`], note: `${all[`${name}_base`]} + ${all[`${name}_limit`]}`, old, was: t('vmcs.was', { old: '' }).trim() });
}
