/**
 * The Exits tab: every VM exit of the program; those behind us are marked, each leads to its step.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { reasonName } from '../model/sentences.js';

/** @param {Context} context */
export function exits({ state, t, run }) {
  const { exits: all } = state.outline;
  if (!all.length) return html`<p class="empty">${t('exits.none')}</p>`;
  const done = all.filter(({ step }) => step <= state.position.step);
  const current = done.at(-1);
  return html`<p class="tally">${t('exits.count', { done: done.length, count: all.length })}</p>
    <table class="exits"><thead><tr>${['step', 'vm', 'reason', 'rip'].map((key) => html`<th scope="col">${t(`exits.${key}`)}</th>`)}</tr></thead>
    <tbody>${all.map((exit) => html`<tr class="${exit.step <= state.position.step ? 'done' : 'ahead'} ${exit === current ? 'current' : ''}" ?data-current=${exit === current} aria-current=${exit === current ? 'step' : nothing}>
      <td><button class="link" aria-label=${t('exits.go', { step: exit.step })} @click=${() => run('seek', { step: exit.step, phase: 0 })}>${exit.step}</button></td>
      <td>${exit.vm}</td><td><span class="number">${exit.reason & 0xffff}</span> ${reasonName(t, exit.reason, exit.name)}</td><td class="mono">${exit.rip ?? ''}</td></tr>`)}</tbody></table>`;
}
