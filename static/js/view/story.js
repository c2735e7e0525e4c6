/**
 * The narration: the lesson's words at a stop, the sentences of the events elsewhere, and the way to the next stop.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { unsafeHTML } from 'lit-html/directives/unsafe-html.js';
import { questionOf } from '../model/bitmaps.js';
import { failedCheck } from '../model/checks.js';
import { carriedWords } from '../model/events_in_vmcs.js';
import { modeChange } from '../model/guest_mode.js';
import { formatPosition } from '../model/position.js';
import { hidesPhases, pointHere } from '../model/drive.js';
import { questionHere } from '../model/questions.js';
import { instructionText } from '../model/format.js';
import { brokenRule, causes, changes, phaseDoes, phaseName, phaseUnderWay, tellings, whatHappened } from '../model/sentences.js';
import { stopHere, stopsAround } from '../model/selectors.js';
import { lazily } from './lazy.js';
import { phaseStrip, wheel } from './level_buttons.js';
import { marked } from './marked.js';
import { aboutButton } from './rows.js';

const drives = async () => (await import('./drive.js')).drive;
const questions = async () => (await import('./question.js')).question;

/** @param {Context} context @param {boolean} [details]  whether the tabs are there to lead to */
export function story(context, details = true) {
  const { state, boot, t, run } = context;
  const stop = stopHere(state);
  const text = stop && boot.text.stops[stop.id];
  const { previous, next } = stopsAround(state);
  const count = state.outline.stops.length;
  // The lesson's words may be in another language than the page: they say so, to readers and to screen readers.
  const lang = boot.text.lang === boot.lang ? nothing : boot.text.lang;
  const dir = lang === nothing ? nothing : 'auto';
  const number = stop ? state.outline.stops.indexOf(stop) + 1 : 0;
  return html`<section class="card story" aria-label=${t('player.story')}>
    <div class="words" data-scroller tabindex="0">
      ${boot.text.intro && !state.position.step && !state.position.phase ? html`<div class="prose intro" lang=${lang} dir=${dir}>${unsafeHTML(marked(boot.text.intro, boot.marks))}</div>` : nothing}
      ${questionHere(state) ? lazily('question', questions, context) : nothing}
      ${pointHere(state) ? lazily('drive', drives, context) : nothing}
      <p class="kick ${kind(state)}">${kicker(state, t)}</p>
      ${hidesPhases(state) ? nothing : phaseStrip(context)}
      ${text ? html`<h2 lang=${lang} dir=${dir}>${text.title}</h2><div class="prose" lang=${lang} dir=${dir}>${unsafeHTML(marked(text.html, boot.marks))}</div>
        ${lang === nothing ? nothing : html`<p class="fallback">${t('story.fallback')}</p>`}` : told(state, t)}
      ${causes(state, t).map(({ key, words }) => html`<p class="cause">${aboutButton(words, key)}</p>`)}
      ${details ? bitAsked(context) : nothing}
      ${state.outline.questions?.length && state.position.step >= state.length && !state.fork ? lazily('review', async () => (await import('./question.js')).review, context) : nothing}
      ${state.drive && state.position.step >= state.length ? lazily('drive-review', async () => (await import('./drive.js')).driveReview, context) : nothing}
      ${context.onward?.(context) || nothing}
      ${rule(state, t)}
      ${failedCheck(state) ? lazily('checks', async () => (await import('./checks.js')).load(boot), context) : nothing}
    </div>
    ${count ? html`<nav class="stops" aria-label=${t('story.stop', { number: number || '–', count })}>
      <button class="btn" data-command="previousStop" aria-label=${t('story.previous')} title=${titleOf(previous, boot)} aria-disabled=${!previous} @click=${() => run('previousStop')}>‹</button>
      <span>${number ? t('story.stop', { number, count }) : next ? t('story.between', { title: titleOf(next, boot), step: formatPosition(next) }) : nothing}</span>
      ${boot.embed ? nothing : wheel(context)}
      <button class="btn" data-command="nextStop" aria-label=${t('story.next')} title=${titleOf(next, boot)} aria-disabled=${!next} @click=${() => run('nextStop')}>${t('story.next')} ›</button></nav>` : nothing}
  </section>`;
}

/** @param {{id: string} | null} place  a stop or a question @param {import('../types').Boot} boot */
function titleOf(place, { text }) {
  return place ? (text.stops[place.id] ?? text.questions?.[place.id])?.title ?? place.id : '';
}

/** Between stops the events speak. @param {import('../types').State} state @param {import('../types').Translate} t */
function told(state, t) {
  if (!state.scene) return nothing;
  const phase = phaseUnderWay(state);
  const inside = phase !== null;
  const crossed = state.events.some(({ type }) => type === 'phase');
  const all = tellings(state, t).filter(({ event }) => event.type !== 'vmx_guard' && !(crossed && (event.type === 'vmcs_write' || event.type === 'mode' || event.type === 'vm')));
  const rest = inside ? all : all.slice(1);
  const bare = !inside && all[0]?.event.type === 'instruction';
  return html`<h2 class="event">${bare ? ran(all[0].event, t) : sentence(phase ? phaseDoes(t, phase) : whatHappened(state, t))}</h2>
    <div class="prose">${rest.length ? html`<ul>${rest.slice(0, 5).map(({ event, text }) => html`<li>${event.type === 'instruction' ? ran(event, t) : sentence(text)}</li>`)}</ul>` : nothing}
    ${carriedWords(state, t).map((words) => html`<p>${sentence(words)}</p>`)}
    ${modeChange(state.scene, t) ? html`<p>${sentence(modeChange(state.scene, t))}</p>` : nothing}
    <p class="changes">${sentence(changes(state.scene, t, 6))}</p></div>`;
}

/** An access that a bit of a bitmap decided, or an entry of an MSR area: where to see it. @param {Context} context */
function bitAsked({ state, t, run }) {
  const question = questionOf(state);
  if (!question?.part) return nothing;
  return html`<p class="cause"><button class="btn" data-command="look" @click=${() => run('look', { tab: 'memory', kind: question.kind, part: '', bit: undefined })}>${t(question.kind === 'areas' ? 'bitmap.see_entry' : 'bitmap.see', { name: t(`bitmap.${question.kind}`) })}</button></p>`;
}

/** A VM entry or another VMX instruction failed: the rule, the fields it looks at with their values, and where the manual has it. @param {import('../types').State} state @param {import('../types').Translate} t */
function rule(state, t) {
  const broken = brokenRule(state, t);
  if (!broken || broken.exit) return nothing;
  return html`<section class="rule" aria-label=${t('story.rule')}><h3>${t('story.rule')}</h3><p>${sentence(broken.rule)}</p>
    ${broken.fields.length ? html`<h4>${t('story.rule.fields')}</h4><dl>${broken.fields.map(({ name, field, value }) => html`<dt>${aboutButton(name, `field.${field}`, { of: broken.vmcs })}</dt><dd>${value}</dd>`)}</dl>` : nothing}
    ${broken.section ? html`<p class="source">${t('story.rule.section', { section: broken.section })}</p>` : nothing}</section>`;
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
