/**
 * The tabs beside the picture: code, registers, VMCS, memory, TLB, exits, and all of it in words. Arrow keys move between them while one has the focus.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { code } from './code.js';
import { exits } from './exits.js';
import { memory } from './memory.js';
import { registers } from './registers.js';
import { text } from './scene_text.js';
import { tlb } from './tlb.js';
import { vmcsFields } from './vmcs_fields.js';

const TABS = /** @type {const} */ (['code', 'registers', 'vmcs', 'memory', 'tlb', 'exits', 'text']);
const BODY = { code, registers, vmcs: vmcsFields, memory, tlb, exits, text };

/** @param {Context} context */
export function tabs(context) {
  const { state, t, run } = context;
  /** @param {KeyboardEvent} event */
  const move = (event) => {
    const at = TABS.indexOf(state.tab);
    // Tabs stand in the order of reading.
    const onward = document.documentElement.dir === 'rtl' ? -1 : 1;
    /** @type {Record<string, number>} */
    const to = { ArrowRight: at + onward, ArrowLeft: at - onward, Home: 0, End: TABS.length - 1 };
    if (!(event.key in to) || event.shiftKey) return;
    event.preventDefault();
    const tab = TABS[(to[event.key] + TABS.length) % TABS.length];
    run('tab', tab);
    document.getElementById(`tab-${tab}`)?.focus();
  };
  return html`<section class="card details" aria-label=${t('player.details')}>
    <div class="tabs" role="tablist" aria-label=${t('player.details')} @keydown=${move}>${TABS.map((tab) => html`
      <button role="tab" id="tab-${tab}" class=${tab === state.tab ? 'on' : ''} aria-selected=${tab === state.tab} aria-controls="panel" tabindex=${tab === state.tab ? 0 : -1} @click=${() => run('tab', tab)}>${t(`tab.${tab}`)}</button>`)}</div>
    <div class="panel ${state.tab === 'code' ? 'panel-code' : ''}" id="panel" role="tabpanel" aria-labelledby="tab-${state.tab}" tabindex="0" data-scroller>${state.scene ? BODY[state.tab](context) : nothing}</div>
  </section>`;
}
