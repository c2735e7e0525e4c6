/**
 * How close the picture is: three buttons at its corner, in a frame with the switch of the learner who drives, and the strip of phases for the story.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing, svg } from 'lit-html';
import { crossingAt } from '../model/level.js';
import { phaseName } from '../model/sentences.js';
import { ICONS } from './icons.js';

const SIGNS = {
  overview: svg`<rect x="2" y="2" width="12" height="4" rx="1"></rect><rect x="2" y="10" width="12" height="4" rx="1"></rect>`,
  phases: svg`<path d="M2 4H4M7 4H14M2 8H4M7 8H14M2 12H4M7 12H14"></path>`,
  instruction: svg`<circle cx="7" cy="7" r="4.500"></circle><path d="M10.500 10.500 14 14"></path>`,
};
/** @param {Context} context */
export function levelButtons(context) {
  const { state, boot, t, run } = context;
  const shown = state.level === 'auto' ? 'overview' : state.level;
  return html`<div class="levels">${boot.embed ? wheel(context) : nothing}<div role="group" aria-label=${t('level.choose')}>${Object.entries(SIGNS).map(([level, sign]) => html`
    <button type="button" class="btn" data-command="level" data-level=${level} aria-pressed=${shown === level} aria-label=${t(`level.${level}`)} title=${`${t(`level.${level}`)} (Z)`} @click=${() => run('level', level)}><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">${sign}</svg></button>`)}</div></div>`;
}

/** The switch of the learner who drives, where there is something to drive. @param {Context} context */
export function wheel({ state, t, run }) {
  if (!state.outline.driven || state.fork) return nothing;
  return html`<button type="button" class="btn wheel" data-command="drive" aria-pressed=${Boolean(state.drive)} aria-label=${t('drive.switch')} title=${`${t('drive.switch')} (D)`} @click=${() => run('drive')}>${ICONS.wheel}</button>`;
}

/** The phases of a VM entry or exit as numbers, the present one with its name: what the step is, beside the overview. @param {Context} context */
export function phaseStrip({ state, t, run }) {
  const crossing = state.level === 'auto' ? crossingAt(state) : null;
  if (!crossing?.done) return nothing;
  return html`<ol class="phase-strip" aria-label=${t(`phases.${crossing.of}`)}>${crossing.phases.map(({ name, number, standing }) => {
    const words = phaseName(t, crossing.of, name);
    return html`<li class=${standing} aria-current=${standing === 'here' ? 'step' : nothing}><button type="button" data-command="seek" title=${words} aria-label="${number} ${words}" @click=${() => run('seek', { step: crossing.step, phase: number })}>${number}${standing === 'here' || standing === 'failed' ? html` <span>${words}</span>` : nothing}</button></li>`;
  })}</ol>`;
}
