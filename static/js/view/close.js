/**
 * The picture from closer: the phases of a VM entry or exit with what each moves, or one instruction with what it read and wrote. A script of its own,
 * loaded when somebody looks closer.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/level.js').Crossing} Crossing
 * @typedef {{name: string, value: string, old?: string, about?: string, of?: string}} Pair
 */
import { html, nothing } from 'lit-html';
import { bitNames, fieldLabel, fieldValue, registerLabel } from '../model/format.js';
import { carriedWords } from '../model/events_in_vmcs.js';
import { crossingAt } from '../model/level.js';
import { phaseDoes, phaseName, reasonName, tellings } from '../model/sentences.js';
import { aboutButton } from './rows.js';

const SIGNS = { done: '✓', here: '▶', ahead: '·', failed: '✗' };
/** Events that the columns tell by themselves, or that are of the way there. */
const TOLD = new Set(['instruction', 'tlb', 'page_walk', 'vmcs_write', 'vmcs_read', 'port', 'msr', 'console']);

/** @param {Context} context */
export function draw(context) {
  return html`<div class="close-up ${context.state.level === 'instruction' ? 'one' : ''}" tabindex="0" data-scroller role="group" aria-label=${context.t(`level.${context.state.level}`)}>${context.state.level === 'phases' ? phases(context) : instruction(context)}</div>`;
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** @param {Context} context */
function phases({ state, t, run }) {
  const crossing = crossingAt(state);
  if (!crossing) {
    const next = Object.keys(state.outline.phased ?? {}).map(Number).find((step) => step >= state.position.step);
    return html`<p class="empty">${t('level.no_crossing')}</p>${next === undefined ? nothing : html`<p><button class="btn" @click=${() => run('seek', { step: next, phase: 1 })}>${t('level.next_crossing', { step: next })}</button></p>`}`;
  }
  const { of, vm, vmcs, step } = crossing;
  const why = crossing.reason === undefined ? '' : t('diagram.reason_line', { name: reasonName(t, crossing.reason, crossing.name), reason: crossing.reason & 0xffff });
  return html`<h2 class=${of}>${[t(`phases.${of}`), vm && t('diagram.vm', { vm }), why].filter(Boolean).join(' · ')}</h2>
    <ol class="phases">${crossing.phases.map((phase) => html`<li class="phase ${phase.standing}" aria-current=${phase.standing === 'here' ? 'step' : nothing} ?data-current=${phase.standing === 'here'}>
      <h3><span class="sign" aria-hidden="true">${SIGNS[phase.standing]}</span><button type="button" class="link" data-command="seek" @click=${() => run('seek', { step, phase: phase.number })}>${phase.number} ${phaseName(t, of, phase.name)}</button><span class="hear"> (${t(`level.${phase.standing}`)})</span></h3>
      <p>${sentence(phaseDoes(t, { of, name: phase.name, number: phase.number }))}</p>
      ${phase.way && phase.moved.length ? html`<p class="way">${t(`level.way.${phase.way}`, { vm })}</p>` : nothing}
      ${phase.moved.length ? pairs(phase.moved.map(({ field, value, old }) => ({ name: fieldLabel(field), value: bitNames(field, value) || fieldValue(field, value), old: old === undefined ? undefined : bitNames(field, old) || fieldValue(field, old), about: `field.${field}`, of: vmcs })), t) : nothing}
      ${phase.name === 'inject' && phase.count ? carriedWords(state, t).map((words) => html`<p class="way">${sentence(words)}</p>`) : nothing}
      ${phase.count === 0 && phase.standing !== 'ahead' ? html`<p class="way">${t('level.nothing')}</p>` : phase.count && phase.name !== 'inject' ? html`<p class="way">${t('level.entries', { count: phase.count })}</p>` : nothing}</li>`)}</ol>`;
}

/** Names with values, and what was there before. @param {Pair[]} all @param {import('../types').Translate} t */
function pairs(all, t) {
  return html`<dl class="pairs">${all.map(({ name, value, old, about, of }) => html`<div><dt>${about ? aboutButton(name, about, { of }) : name}</dt><dd>${old === undefined ? nothing : html`<del><span class="hear">${t('vmcs.was', { old: '' }).trim()} </span>${old}</del> <span aria-hidden="true">→</span> `}<b>${value}</b></dd></div>`)}</dl>`;
}

/** @param {Context} context */
function instruction({ state, t }) {
  const close = state.look.close;
  if (!close) return html`<p class="empty">${t('player.loading')}</p>`;
  if (!close.text) return html`<p class="empty">${t(state.position.step ? 'level.no_instruction' : 'live.start')}</p>`;
  const exit = state.events.some(({ type }) => type === 'vm_exit');
  const rest = tellings(state, t).filter(({ event }) => !TOLD.has(event.type));
  return html`<h2><code>${close.text}</code></h2>
    <p class="way">${t('level.where', { rip: close.rip, bits: close.bits })} · <code>${(close.bytes.match(/../g) ?? []).join(' ')}</code> · ${t('level.bytes', { count: close.length })}</p>
    <div class="columns"><section><h3>${t('level.read')}</h3>${column(reads(close, state, t), t, 'level.read_nothing')}</section>
      <section><h3>${t('level.happened')}</h3>${rest.length ? html`<ul>${rest.slice(0, 8).map(({ text }) => html`<li>${sentence(text)}</li>`)}</ul>` : html`<p class="empty">${t('live.quiet')}</p>`}
        ${close.affects.length ? html`<p class="way">${t('level.affects', { list: close.affects.map((/** @type {string} */ flag) => flag.toUpperCase()).join(' ') })}</p>` : nothing}
        ${exit ? html`<p class="way">${t('level.left')}</p>` : nothing}</section>
      <section><h3>${t('level.wrote')}</h3>${column(writes(close, state, t), t, 'level.wrote_nothing')}${close.more ? html`<p class="way">${t('live.more', { count: close.more })}</p>` : nothing}</section></div>`;
}

/** @param {Pair[]} all @param {import('../types').Translate} t @param {string} none */
function column(all, t, none) {
  return all.length ? pairs(all, t) : html`<p class="empty">${t(none)}</p>`;
}

/** @param {any} close @param {import('../types').State} state @param {import('../types').Translate} t @returns {Pair[]} */
function reads(close, { events }, t) {
  const place = (/** @type {any} */ { linear, physical, size }) => t(physical === undefined || physical === linear ? 'level.memory' : 'level.memory_at', { linear, physical: physical ?? '', size });
  return [
    ...close.reads.map((/** @type {any} */ { name, value }) => ({ name: registerLabel(name), value, about: ABOUT.test(name) ? `register.${name}` : undefined })),
    ...Object.entries(close.flags).map(([flag, value]) => ({ name: flag.toUpperCase(), value: String(value) })),
    ...close.memory.filter((/** @type {any} */ { access }) => access === 'read' || access === 'both').map((/** @type {any} */ operand) => ({ name: place(operand), value: operand.value ?? '…' })),
    ...close.memory.filter((/** @type {any} */ { access }) => access === 'address').map((/** @type {any} */ { linear }) => ({ name: t('level.address'), value: linear })),
    ...events.filter(({ type }) => type === 'vmcs_read').map(({ field, value, vmcs }) => ({ name: `VMCS: ${fieldLabel(field)}`, value: fieldValue(field, value), about: `field.${field}`, of: vmcs })),
    ...events.filter(({ type, direction }) => type === 'port' && direction === 'in').map(({ port, value }) => ({ name: t('level.port', { port: port.toString(16) }), value })),
    ...events.filter(({ type, access }) => type === 'msr' && access === 'read').map(({ index, name, value }) => ({ name: name ?? `MSR ${index}`, value })),
  ];
}
/** Registers that have an explanation by their own name. */
const ABOUT = /^(r[a-d]x|r[sd]i|r[bs]p|r\d+|rflags|cr\d|dr\d|efer)$/;

/** @param {any} close @param {import('../types').State} state @param {import('../types').Translate} t @returns {Pair[]} */
function writes(close, { events, scene }, t) {
  const vmcs = scene?.vmcs ?? {};
  const ofVmcs = (/** @type {string} */ physical) => Object.keys(vmcs).some((address) => BigInt(`0x${address}`) >> 12n === BigInt(`0x${physical}`) >> 12n);
  return [
    ...close.writes.map((/** @type {any} */ { name, old, new: value }) => ({ name: registerLabel(name), old: bitNames(name, old) || old, value: bitNames(name, value) || value, about: ABOUT.test(name) ? `register.${name}` : undefined })),
    ...close.stores.filter((/** @type {any} */ { physical }) => !ofVmcs(physical)).map((/** @type {any} */ { physical, size, old, new: value }) => ({ name: t('level.store', { physical, size }), old, value })),
    ...Object.entries(vmcs).flatMap(([address, { vm, fields, changed }]) => Object.keys(changed ?? {}).filter((field) => fields[field] !== undefined).slice(0, 12)
      .map((field) => ({ name: t('live.vmcs_of', { vm: vm ?? address, name: fieldLabel(field) }), old: fieldValue(field, changed[field]), value: fieldValue(field, fields[field]), about: `field.${field}`, of: address }))),
    ...events.filter(({ type, direction }) => type === 'port' && direction === 'out').map(({ port, value }) => ({ name: t('level.port', { port: port.toString(16) }), value })),
    ...events.filter(({ type, access }) => type === 'msr' && access === 'write').map(({ index, name, value }) => ({ name: name ?? `MSR ${index}`, value })),
  ];
}
