/**
 * What a learner who drives is asked, what the machine says to it, and how it went so far; at the end the whole of it.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../types').Point} Point
 */
import { html, nothing } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import { driven, placeOf, pointHere, score } from '../model/drive.js';
import { fieldLabel, instructionText, registerLabel } from '../model/format.js';
import { formatPosition } from '../model/position.js';
import { phaseName } from '../model/sentences.js';
import { firstOf } from '../model/words.js';

const OF_NO_VMCS = ['rax', 'cr2'];
const BANDS = /** @type {Record<string, string>} */ ({ root: 'diagram.root_band', non_root: 'diagram.guest_band', off: 'diagram.off_band' });

/** The question that is asked here. @param {Context} context */
export function drive(context) {
  const { state, t, run } = context;
  const point = pointHere(state);
  if (!point || !state.drive) return nothing;
  const reply = state.drive.replies[point.id];
  const done = driven(state, point.id);
  const next = point.kind === 'control' ? Object.values(state.scene?.processors ?? {}).find((one) => one.next)?.next : undefined;
  /** @param {SubmitEvent} event */
  const check = (event) => {
    event.preventDefault();
    run('drive', { id: point.id, given: String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('given')) });
  };
  return keyed(point.id, html`<section class="question drive" aria-labelledby="drive-title">
    <p class="kick">${t('drive.switch')}${score(state).asked ? html`<span class="drive-score">${tally(context)}</span>` : nothing}</p>
    <h2 id="drive-title">${t(`drive.ask.${point.asks ?? point.kind}`)}</h2>
    ${next ? html`<p class="drive-next">${t('drive.next')} <code dir="ltr">${next.address} ${instructionText(next.text)}</code></p>` : nothing}
    <form @submit=${check}><fieldset ?disabled=${done}><legend class="visually-hidden">${t('question.one')}</legend>
      ${point.choices.map((choice) => html`<label class="choice ${done && choice === (reply?.right ? reply.given : reply?.answer) ? 'correct' : ''}"><input type="radio" name="given" value=${choice} required .checked=${reply?.given === choice}>
        <span>${label(point, choice, context)}</span></label>`)}</fieldset>
      <div class="question-buttons"><button class="btn go" ?disabled=${done}>${t('question.check')}</button>
        ${done ? nothing : html`<button class="btn" type="button" @click=${() => run('drive', { id: point.id })}>${t('drive.show')}</button>`}</div></form>
    <div role="status">${reply?.about ? html`<div class="verdict ${reply.right ? 'good' : 'bad'}" data-given=${reply.given}>
      <p><b>${reply.right ? `✓ ${t('question.right')}` : reply.answer ? t('question.shown', { answer: label(point, reply.answer, context) }) : `✗ ${t('question.wrong')}`}</b></p>
      <p>${said(point, reply, context)}</p>
      ${done && reply.seen ? html`<p class="onward"><button class="btn" data-command="seek" @click=${() => run('seek', reply.seen)}>${t('question.see')} ›</button></p>` : nothing}</div>` : nothing}</div>
  </section>`);
}

/** How it went, for the review at the end. @param {Context} context */
export function driveReview(context) {
  const { state, t, run } = context;
  const { all, asked } = score(state);
  if (!state.drive || !all) return nothing;
  const open = state.drive.points.filter(({ id }) => !driven(state, id));
  return html`<section class="review" aria-labelledby="drive-review"><h3 id="drive-review">${t('drive.review')}</h3>
    ${asked ? html`<p>${tally(context)}</p>` : nothing}
    ${open.length ? html`<p><span class="note">${t('drive.open', { open: open.length })}</span>
      <button class="link" @click=${() => run('seek', { step: open[0].step, phase: open[0].phase })}>${t('drive.to_first', { step: formatPosition(open[0]) })}</button></p>` : nothing}
    ${asked ? html`<p><button class="btn" @click=${() => run('drive', 'again')}>${t('drive.again')}</button></p>` : nothing}</section>`;
}

/** "At first try: 3 of 5". @param {Context} context */
function tally({ state, t }) {
  const { right, asked, all } = score(state);
  return t('drive.score', { right, asked, all });
}

/** What there is to say to an answer: why it is right, or which mistake it is. @param {Point} point @param {import('../types').DriveReply} reply @param {Context} context */
function said(point, { right, answer, about, given }, context) {
  const { t } = context;
  if (right || answer) return t(`drive.right.${point.kind}.${about}`);
  const whole = about.split('.');
  return firstOf(t, [`drive.why.${point.kind}.${about}`, `drive.why.${point.kind}.${whole[0]}`, 'drive.why.other'], { name: label(point, given, context) });
}

/** A choice in words. @param {Point} point @param {string} choice @param {Context} context */
function label({ kind }, choice, { state, boot, t }) {
  if (kind === 'field') return OF_NO_VMCS.includes(choice) ? registerLabel(choice) : fieldLabel(choice);
  if (kind === 'phase') {
    const [of, name] = choice.split('.');
    return phaseName(t, of, name);
  }
  const { mode, rip, region } = placeOf(choice, state.outline);
  const band = t(BANDS[mode] ?? mode);
  return region ? t('drive.place_in', { region: region.name[boot.lang] ?? region.name.en, mode: band, rip }) : t('drive.place', { mode: band, rip });
}
