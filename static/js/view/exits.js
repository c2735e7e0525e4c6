/**
 * The Exits tab: every VM exit of the program; those behind us are marked, each leads to its step.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { reasonName } from '../model/sentences.js';
import { aboutButton } from './rows.js';

/** @param {Context} context */
export function exits({ state, t, run }) {
  const { exits: all } = state.outline;
  if (!all.length) return html`<p class="empty">${t('exits.none')}</p>`;
  const done = all.filter(({ step }) => step <= state.position.step);
  const current = done.at(-1);
  return html`<p class="tally">${t('exits.count', { done: done.length, count: all.length })}</p>
    ${histogram(done, t)}
    <table class="exits"><thead><tr>${['step', 'vm', 'reason', 'rip'].map((key) => html`<th scope="col">${t(`exits.${key}`)}</th>`)}</tr></thead>
    <tbody>${all.map((exit) => html`<tr class="${exit.step <= state.position.step ? 'done' : 'ahead'} ${exit === current ? 'current' : ''}" ?data-current=${exit === current} aria-current=${exit === current ? 'step' : nothing}>
      <td><button class="link" aria-label=${t('exits.go', { step: exit.step })} @click=${() => run('seek', { step: exit.step, phase: 0 })}>${exit.step}</button></td>
      <td>${exit.vm}</td><td><span class="number">${exit.reason & 0xffff}</span> ${aboutButton(reasonName(t, exit.reason, exit.name), `exit.${exit.reason & 0xffff}`, { tabindex: -1 })}</td><td class="mono">${exit.rip ?? ''}</td></tr>`)}</tbody></table>`;
}

/** How often each reason so far, most frequent first. @param {import('../types').ExitMark[]} done @param {import('../types').Translate} t */
function histogram(done, t) {
  /** @type {Map<number, {words: string, count: number}>} */
  const counts = new Map();
  for (const { reason, name } of done) {
    const number = reason & 0xffff;
    counts.set(number, { words: reasonName(t, reason, name), count: (counts.get(number)?.count ?? 0) + 1 });
  }
  const most = Math.max(1, ...[...counts.values()].map(({ count }) => count));
  return html`<dl class="histogram" aria-label=${t('exits.histogram')}>${[...counts].sort(([, a], [, b]) => b.count - a.count).map(([number, { words, count }]) => html`
    <div><dt>${aboutButton(words, `exit.${number}`)}</dt><dd><svg width="100%" height="10" aria-hidden="true"><rect class="bar" width="${(100 * count) / most}%" height="10" rx="3"></rect></svg><span>${t.number(count)}</span></dd></div>`)}</dl>`;
}
