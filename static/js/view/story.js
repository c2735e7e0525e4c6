/**
 * The narration: the lesson's words at a stop, the sentences of the events elsewhere, and the way to the next stop.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { unsafeHTML } from 'lit-html/directives/unsafe-html.js';
import { formatPosition } from '../model/position.js';
import { instructionText } from '../model/format.js';
import { changes, phaseDoes, phaseName, phaseUnderWay, tellings, whatHappened } from '../model/sentences.js';
import { stopHere, stopsAround } from '../model/selectors.js';

/** @param {Context} context */
export function story(context) {
  const { state, boot, t, run } = context;
  const stop = stopHere(state);
  const text = stop && boot.text.stops[stop.id];
  const { previous, next } = stopsAround(state);
  const count = state.outline.stops.length;
  const number = stop ? state.outline.stops.indexOf(stop) + 1 : 0;
  return html`<section class="card story" aria-label=${t('player.story')}>
    <div class="words" data-scroller tabindex="0">
      ${boot.text.intro && !state.position.step && !state.position.phase ? html`<div class="prose intro">${unsafeHTML(boot.text.intro)}</div>` : nothing}
      <p class="kick ${kind(state)}">${kicker(state, t)}</p>
      ${text ? html`<h2>${text.title}</h2><div class="prose">${unsafeHTML(text.html)}</div>` : told(state, t)}
    </div>
    ${count ? html`<nav class="stops" aria-label=${t('story.stop', { number: number || '–', count })}>
      <button class="btn" data-command="previousStop" aria-label=${t('story.previous')} title=${previous ? boot.text.stops[previous.id]?.title ?? '' : ''} aria-disabled=${!previous} @click=${() => run('previousStop')}>‹</button>
      <span>${number ? t('story.stop', { number, count }) : next ? t('story.between', { title: boot.text.stops[next.id]?.title ?? next.id, step: formatPosition(next) }) : nothing}</span>
      <button class="btn" data-command="nextStop" aria-label=${t('story.next')} title=${next ? boot.text.stops[next.id]?.title ?? '' : ''} aria-disabled=${!next} @click=${() => run('nextStop')}>${t('story.next')} ›</button></nav>` : nothing}
  </section>`;
}

/** Between stops the events speak. @param {import('../types').State} state @param {import('../types').Translate} t */
function told(state, t) {
  if (!state.scene) return nothing;
  const phase = phaseUnderWay(state);
  const inside = phase !== null;
  const crossed = state.events.some(({ type }) => type === 'phase');
  const all = tellings(state, t).filter(({ event }) => !(crossed && (event.type === 'vmcs_write' || event.type === 'mode' || event.type === 'vm')));
  const rest = inside ? all : all.slice(1);
  const bare = !inside && all[0]?.event.type === 'instruction';
  return html`<h2 class="event">${bare ? ran(all[0].event, t) : sentence(phase ? phaseDoes(t, phase) : whatHappened(state, t))}</h2>
    <div class="prose">${rest.length ? html`<ul>${rest.slice(0, 5).map(({ event, text }) => html`<li>${event.type === 'instruction' ? ran(event, t) : sentence(text)}</li>`)}</ul>` : nothing}
    <p class="changes">${sentence(changes(state.scene, t, 6))}</p></div>`;
}

/** "cpuid ran at 100003", the instruction as code. @param {import('../types').Event} event @param {import('../types').Translate} t */
function ran(event, t) {
  const [before, after] = t('event.instruction', { ...event, text: '\u0000' }).split('\u0000');
  return html`${before}<code>${instructionText(event.text)}</code>${after}.`;
}

/** @param {string} clause */
function sentence(clause) {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${/[.!?]$/.test(clause) ? '' : '.'}`;
}

/** @param {import('../types').State} state @param {import('../types').Translate} t */
function kicker(state, t) {
  const phase = phaseUnderWay(state);
  if (phase) return t('story.phase', { of: t(`phases.${phase.of}`), number: phase.number, total: phase.total, name: phaseName(t, phase.of, phase.name) });
  const crossing = state.events.findLast(({ type }) => type === 'vm_exit' || type === 'vm_entry');
  const step = state.position.step ? t('story.step', { position: state.position.step }) : t('story.start');
  return crossing ? `${t(crossing.type === 'vm_exit' ? 'phases.exit' : 'phases.entry')} · ${step}` : step;
}

/** @param {import('../types').State} state */
function kind(state) {
  const phase = phaseUnderWay(state);
  const crossing = state.events.findLast(({ type }) => type === 'vm_exit' || type === 'vm_entry' || type === 'entry_failed');
  const of = phase?.of ?? (crossing ? (crossing.type === 'vm_entry' ? 'entry' : 'exit') : '');
  return of ? `kick-${of}` : '';
}
