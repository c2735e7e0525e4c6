/**
 * Bitmaps as grids with the bit that decided, MSR areas as tables with the entry in question. A script of its own, with the names of MSRs, loaded when
 * somebody looks.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/bitmaps.js').Question} Question
 * @typedef {{kind: import('../model/bitmaps.js').Kind, vmcs: string, parts: (import('../model/bitmaps.js').Part & {bytes: string})[]}} Shown
 */
import { html, nothing } from 'lit-html';
import { VMCS_FIELDS } from 'vmviz:spec';
import { bitAt, entriesOf, pieceAround, questionOf, runsOf } from '../model/bitmaps.js';
import { fieldLabel } from '../model/format.js';
import { transitionOf } from '../model/selectors.js';
import { aboutButton } from './rows.js';

const hex = (/** @type {number} */ number) => (number >>> 0).toString(16);
/** Runs of set bits that are listed; the grid has the others. */
const MOST_RUNS = 12;
/** While a phase works on an area all its entries are in question. @type {Record<string, string>} */
const PHASE_OF = { 'exit.store_msrs': 'exit_msr_store', 'exit.load_msrs': 'exit_msr_load', 'entry.load_msrs': 'entry_msr_load' };

/** @param {import('../types').Boot} boot */
export async function load({ prefix }) {
  const answer = await fetch(`${prefix}/api/msrs`);
  if (!answer.ok) throw new Error(String(answer.status));
  /** @type {Record<string, string>} */
  const msrs = await answer.json();
  return (/** @type {Context} */ context) => draw(context, msrs);
}

/** @param {Context} context @param {Record<string, string>} msrs */
function draw(context, msrs) {
  const { state, t } = context;
  /** @type {Shown | undefined} */
  const shown = state.look.tables;
  if (!shown?.parts.length || shown.kind !== state.look.kind) return nothing;
  const asked = questionOf(state);
  const question = asked?.kind === shown.kind && asked.vmcs === shown.vmcs ? asked : null;
  const vm = state.scene?.vmcs[shown.vmcs]?.vm ?? shown.vmcs;
  return shown.kind === 'areas' ? areas(context, shown, question, msrs, vm) : bitmap(context, shown, resolved(question), msrs, t('diagram.vmcs', { vm }));
}

/** A field that was read or written, as its number. @param {Question | null} question */
function resolved(question) {
  const encoding = question?.field && VMCS_FIELDS.find(([name]) => name === question.field)?.[1];
  return question && encoding ? { ...question, numbers: [parseInt(encoding, 16)] } : question;
}

/** What a bit stands for. @param {string} kind @param {number} number @param {Record<string, string>} msrs */
function nameOf(kind, number, msrs) {
  if (kind === 'msr') return msrs[hex(number)] ?? '';
  const field = kind === 'io' ? undefined : VMCS_FIELDS.find(([, encoding]) => parseInt(encoding, 16) === number);
  return field ? fieldLabel(field[0]) : '';
}

/** @param {Context} context @param {Shown} shown @param {Question | null} question @param {Record<string, string>} msrs @param {string} owner */
function bitmap({ state, t, run }, { kind, parts }, question, msrs, owner) {
  const { look } = state;
  const part = parts.find(({ id }) => id === (look.part || question?.part)) ?? parts[0];
  const mine = question?.part === part.id ? question.numbers : [];
  const runs = runsOf(part.bytes, part.first);
  const around = look.bit ?? mine[0] ?? runs[0]?.[0] ?? part.first;
  const rows = pieceAround(part.bytes, part.first, around);
  const said = (/** @type {number} */ number) => [hex(number), nameOf(kind, number, msrs)].filter(Boolean).join(' ');
  /** @param {SubmitEvent} event */
  const go = (event) => {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.currentTarget).elements.namedItem('number'));
    const number = parseInt(input.value.trim().replace(/^0x|h$/gi, ''), 16);
    const last = part.first + part.length * 8 - 1;
    input.setCustomValidity(number >= part.first && number <= last ? '' : t('bitmap.wrong', { from: hex(part.first), to: hex(last) }));
    if (input.reportValidity()) run('look', { bit: number });
  };
  return html`<p class="terms-here">${aboutButton(t(`bitmap.${kind}`), 'term.bitmap')}</p>${question ? html`<p class="decided ${question.exits ? 'leaves' : 'passes'}" role="status">${t(`bitmap.${question.part ? (question.exits ? 'exit' : 'pass') : 'always'}`, { list: question.numbers.map(said).join(', ') })}</p>` : nothing}
    ${parts.length > 1 ? html`<div class="choose" role="group" aria-label=${t(`bitmap.${kind}`)}>${parts.map(({ id }) => html`<button class="btn" aria-pressed=${id === part.id} @click=${() => run('look', { part: id, bit: undefined })}>${t(`bitmap.part.${id}`)}</button>`)}</div>` : nothing}
    <p class="tally">${runs.length ? t('bitmap.set', { list: runs.slice(0, MOST_RUNS).map(([from, to]) => (from === to ? hex(from) : `${hex(from)}–${hex(to)}`)).join(', ') + (runs.length > MOST_RUNS ? ' …' : '') }) : t('bitmap.clear')}</p>
    <form class="find" @submit=${go}><label>${t(`bitmap.number.${kind}`)} <input name="number" type="text" spellcheck="false" autocomplete="off" .value=${hex(around)} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => event.target.setCustomValidity('')}></label><button class="btn">${t('memory.go')}</button></form>
    <div class="walk-scroll" tabindex="0" role="group" data-scroller aria-label=${t('bitmap.caption', { owner, address: part.address })}><table class="bit-grid"><caption>${t('bitmap.caption', { owner, address: part.address })}</caption>
      <thead><tr><td></td>${Array.from({ length: 16 }, (_, n) => html`<th scope="col">${n.toString(16)}</th>`)}</tr></thead>
      <tbody>${rows.map(({ first, bits }) => html`<tr><th scope="row">${hex(first)}</th>${bits.map((set, n) => {
    const asked = mine.includes(first + n);
    return html`<td class="${set ? 'set' : ''} ${asked ? 'asked' : ''}" title=${said(first + n)} aria-current=${asked ? 'true' : nothing} ?data-current=${asked}>${set ? '1' : '0'}</td>`;
  })}</tr>`)}</tbody></table></div>
    <p class="note">${t(kind === 'io' || kind === 'msr' ? 'bitmap.legend' : 'bitmap.legend_shadow')}${part.bytes && mine.length ? ` ${t('bitmap.asked', { value: bitAt(part.bytes, mine[0] - part.first) || mine.some((number) => bitAt(part.bytes, number - part.first)) ? '1' : '0' })}` : ''}</p>`;
}

/** @param {Context} context @param {Shown} shown @param {Question | null} question @param {Record<string, string>} msrs @param {string} vm */
function areas({ state, t }, { parts }, question, msrs, vm) {
  const transition = state.scene && transitionOf(state.scene);
  const phase = transition && state.outline.phased?.[String(state.position.step)]?.names[state.position.phase - 1];
  const under = transition && PHASE_OF[`${transition.of}.${phase}`];
  return html`<p class="terms-here">${aboutButton(t('bitmap.areas'), 'term.msr_area')} ${aboutButton('MSR', 'term.msr')}</p>${parts.map(({ id, address, bytes }) => html`<h3 class="bytes-title">${t(`bitmap.part.${id}`)}</h3>
    <div class="walk-scroll" tabindex="0" role="group" data-scroller aria-label=${t(`bitmap.part.${id}`)}><table class="exits areas ${under === id ? 'under' : ''}"><caption>${t('bitmap.caption', { owner: t('diagram.vmcs', { vm }), address })}${under === id ? html` <b>${t('bitmap.under')}</b>` : nothing}</caption>
      <thead><tr>${['entry', 'index', 'name', 'value'].map((key) => html`<th scope="col">${t(`bitmap.${key}`)}</th>`)}</tr></thead>
      <tbody>${entriesOf(bytes).map(({ index, reserved, value }, n) => {
    const asked = question?.part === id && question.numbers.includes(n);
    return html`<tr class=${asked ? 'current' : ''} aria-current=${asked ? 'true' : nothing} ?data-current=${asked}><td>${n + 1}${asked ? html` <span class="bad">${t('bitmap.failed')}</span>` : nothing}</td><td class="mono">${index}${reserved === '0' ? '' : html` <span class="bad">${t('bitmap.reserved', { value: reserved })}</span>`}</td><td>${msrs[index] ?? ''}</td><td class="mono">${value}</td></tr>`;
  })}</tbody></table></div>`)}`;
}
