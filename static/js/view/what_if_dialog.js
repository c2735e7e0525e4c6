/**
 * "What if": the learner changes something at this step, and the machine goes on from there. And the two runs side by side.
 */
import { html, nothing, render } from 'lit-html';
import { connect } from '../socket.js';
import { createStore, initialState } from '../store.js';
import { differences } from '../model/difference.js';
import { fieldLabel, registerLabel } from '../model/format.js';
import { formatPosition } from '../model/position.js';
import { processorOf, vmcsAddresses } from '../model/selectors.js';
import { liveSentence } from '../model/sentences.js';
import { diagram } from './diagram.js';

const REGISTERS = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', ...Array.from({ length: 8 }, (_, n) => `r${n + 8}`), 'rip', 'rflags'];
const KINDS = /** @type {const} */ (['register', 'vmcs', 'memory', 'interrupt', 'nmi']);
const LISTED = 12;

/** @typedef {{boot: import('../types').Boot, t: import('../types').Translate, store: import('../store.js').Store, fork: (changes: object[], words: string) => Promise<void>}} Parts */

/** @param {Parts} parts */
export function whatIfDialog({ t, store, fork }) {
  if (document.getElementById('what-if')) return;          // who pressed twice while this script came
  const { state } = store;
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const host = document.body.appendChild(document.createElement('div'));
  /** @type {typeof KINDS[number]} */
  let kind = 'register';
  let register = 'rax';
  let vmcs = scene.processors['0']?.current_vmcs && scene.vmcs[scene.processors['0'].current_vmcs] ? scene.processors['0'].current_vmcs : vmcsAddresses(scene)[0] ?? '';
  let field = 'guest_rip';
  const { registers } = processorOf(scene);
  const old = () => (kind === 'register' ? registers[register] : kind === 'vmcs' ? scene.vmcs[vmcs]?.fields[field] ?? '' : '');

  /** @param {SubmitEvent} event */
  const go = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const input = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('value'));
    const place = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('address'));
    const clean = (/** @type {HTMLInputElement | null} */ element) => element?.value.trim().toLowerCase().replace(/^0x|h$/g, '').replaceAll('_', '') ?? '';
    const value = clean(input);
    for (const element of [input, place]) element?.setCustomValidity(/^[0-9a-f]{1,16}$/.test(clean(element)) ? '' : t('memory.wrong'));
    if (!form.reportValidity()) return;
    const [change, name] = kind === 'nmi' ? [{ nmi: true }, t('what_if.nmi')]
      : kind === 'interrupt' ? [{ interrupt: parseInt(value, 16) }, t('what_if.interrupt_words', { vector: value })]
        : kind === 'memory' ? [{ slot: `memory:${clean(place)}`, value }, t('what_if.set', { name: t('what_if.byte', { address: clean(place) }), value })]
          : kind === 'vmcs' ? [{ slot: `vmcs:${vmcs}:${field}`, value }, t('what_if.set', { name: `VMCS ${scene.vmcs[vmcs]?.vm ?? vmcs}: ${fieldLabel(field)}`, value })]
            : [{ slot: register, value }, t('what_if.set', { name: registerLabel(register), value })];
    host.querySelector('dialog')?.close();
    await fork([change], name);
  };
  const choose = (/** @type {() => void} */ change) => { change(); draw(); };
  /** @param {string} label @param {string} value @param {[string, string][]} options @param {(value: string) => void} change */
  const select = (label, value, options, change) => html`<label>${label}<select @change=${(/** @type {Event & {target: HTMLSelectElement}} */ event) => choose(() => change(event.target.value))}>
    ${options.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}</select></label>`;
  /** @param {string} name @param {string} label @param {string} value */
  const hex = (name, label, value) => html`<label>${label}<input name=${name} type="text" spellcheck="false" autocomplete="off" .value=${value} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => event.target.setCustomValidity('')}></label>`;

  function draw() {
    render(html`<dialog id="what-if" class="choices" aria-labelledby="what-if-title" @close=${() => host.remove()}><form @submit=${go}>
      <h2 id="what-if-title">${t('what_if.title')}</h2>
      <p class="embed-note">${t('what_if.note', { position: formatPosition({ step: state.position.step, phase: 0 }) })}</p>
      <div class="embed-choices">
        ${select(t('what_if.what'), kind, KINDS.filter((name) => name !== 'vmcs' || vmcs).map((name) => [name, t(`what_if.${name}`)]), (value) => { kind = /** @type {typeof kind} */ (value); })}
        ${kind === 'register' ? select(t('what_if.register'), register, REGISTERS.map((name) => [name, registerLabel(name)]), (value) => { register = value; }) : nothing}
        ${kind === 'vmcs' ? html`${select('VMCS', vmcs, vmcsAddresses(scene).map((address) => [address, scene.vmcs[address].vm ?? address]), (value) => { vmcs = value; })}
          ${select(t('what_if.vmcs'), field, Object.keys(scene.vmcs[vmcs]?.fields ?? {}).sort().map((name) => [name, fieldLabel(name)]), (value) => { field = value; })}` : nothing}
        ${kind === 'memory' ? hex('address', t('what_if.address'), '') : nothing}
        ${kind === 'nmi' ? nothing : hex('value', t(kind === 'interrupt' ? 'what_if.vector' : 'what_if.value'), kind === 'interrupt' ? '40' : old())}
      </div>
      <p class="buttons"><button type="button" class="btn" @click=${() => host.querySelector('dialog')?.close()}>${t('go.cancel')}</button> <button class="btn go">${t('what_if.go')}</button></p></form></dialog>`, host);
  }
  draw();
  host.querySelector('dialog')?.showModal();
}

/** Both runs at the same step: what was changed on the left, the lesson on the right. @param {Parts & {run: (name: string) => void}} parts */
export function compareDialog({ boot, t, store, run }) {
  if (document.getElementById('compare')) return;
  const host = document.body.appendChild(document.createElement('div'));
  const original = createStore(initialState(boot));
  const link = connect(boot, original, store.state.position, false);
  const stage = { width: Math.max(420, Math.min(760, innerWidth * 0.46)), height: 500 };
  let open = true;

  /** @param {import('../types').State} state @param {string} words */
  const side = (state, words) => html`<section aria-label=${words}><h3>${words}</h3>
    ${state.scene ? html`<div class="compare-stage">${diagram({ state: { ...state, stage }, boot, t, run: () => {} }, stage.width < 560)}</div><p>${liveSentence(state, t)}</p>` : html`<p>${t('player.loading')}</p>`}</section>`;
  function draw() {
    if (!open) return;
    const [here, there] = [store.state, original.state];
    const together = here.scene && there.scene && here.position.step === Math.min(there.position.step, here.position.step);
    const found = here.scene && there.scene && together ? differences(here.scene, there.scene) : [];
    const name = (/** @type {import('../model/difference.js').Difference} */ { where, name: key, of }) => (where === 'register' ? registerLabel(key) : where === 'vmcs' ? `VMCS ${of}: ${fieldLabel(key)}`
      : t(where === 'vm' ? 'diagram.vm' : 'what_if.control', { vm: key }));
    render(html`<dialog id="compare" aria-labelledby="compare-title" @close=${close}>
      <h2 id="compare-title">${t('what_if.compare')}</h2>
      <div class="walk-steps"><button class="btn" aria-label=${t('transport.back')} @click=${() => run('stepBack')}>‹</button><output role="status">${t('transport.position', { step: formatPosition(here.position), length: here.length })}</output>
        <button class="btn" aria-label=${t('transport.forward')} @click=${() => run('stepForward')}>›</button></div>
      <div class="compare-sides">${side(here, here.fork?.words ?? '')}${side(there, boot.text.title)}</div>
      ${found.length ? html`<table class="exits"><caption class="hear">${t('what_if.differences')}</caption><thead><tr><th scope="col">${t('what_if.differences')}</th><th scope="col">${t('what_if.here')}</th><th scope="col">${t('what_if.there')}</th></tr></thead>
        <tbody>${found.slice(0, LISTED).map((one) => html`<tr><th scope="row">${name(one)}</th><td class="mono">${one.here || t('diagram.dash')}</td><td class="mono">${one.there || t('diagram.dash')}</td></tr>`)}</tbody></table>
        ${found.length > LISTED ? html`<p class="tally">${t('what_if.more', { count: found.length - LISTED })}</p>` : nothing}` : html`<p class="tally">${t('what_if.same')}</p>`}
      <form method="dialog" class="buttons"><button class="btn">${t('help.close')}</button></form></dialog>`, host);
  }
  function close() {
    open = false;
    link.close();
    host.remove();
  }
  store.subscribe((state, before) => {
    if (open && state.position !== before.position) link.send('seek', { step: state.position.step, phase: state.position.phase });
    draw();
  });
  original.subscribe(draw);
  draw();
  host.querySelector('dialog')?.showModal();
}
