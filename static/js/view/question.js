/**
 * A question of the lesson: what is asked, the answers to choose from, hints, what the machine says to an answer; at the lesson's end the review.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../types').Question} Question
 */
import { html, nothing } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import { unsafeHTML } from 'lit-html/directives/unsafe-html.js';
import { withSeed } from '../model/address.js';
import { moved, outcome, placeName, questionHere, replyTo, seedOf, settled, shuffled } from '../model/questions.js';
import { phaseName } from '../model/sentences.js';
import { formatPosition } from '../model/position.js';

/** The question that is asked here. @param {Context} context */
export function question(context) {
  const { state, boot, t, run } = context;
  const asked = questionHere(state);
  const text = asked && boot.text.questions?.[asked.id];
  if (!text) return nothing;
  const reply = replyTo(state, asked.id);
  const done = settled(reply);
  const said = reply.about && (text.answers[reply.about] ?? text.answers.other);
  const lang = boot.text.lang === boot.lang ? nothing : boot.text.lang;
  return keyed(asked.id, html`<section class="question" aria-labelledby="question-title">
    <p class="kick">${t('question.kicker')}</p>
    <h2 id="question-title" lang=${lang}>${text.title}</h2>
    <div class="prose" lang=${lang}>${unsafeHTML(text.html)}</div>
    <form @submit=${(/** @type {SubmitEvent} */ event) => { event.preventDefault(); run('answer', { id: asked.id, given: given(asked, event, context) }); }}>
      ${answers(asked, context)}
      <div class="question-buttons"><button class="btn go" ?disabled=${done} data-command="answer">${t('question.check')}</button>
        ${text.hints.length > reply.hints && !done ? html`<button class="btn" type="button" @click=${() => run('hint', asked.id)}>${t(reply.hints ? 'question.next_hint' : 'question.hint')}</button>` : nothing}
        ${reply.tries > 1 && !done ? html`<button class="btn" type="button" @click=${() => run('giveUp', asked.id)}>${t('question.give_up')}</button>` : nothing}</div>
    </form>
    ${text.hints.slice(0, reply.hints).map((hint) => html`<div class="prose question-hint" lang=${lang}>${unsafeHTML(hint)}</div>`)}
    <div role="status">${reply.about || done ? html`<div class="verdict ${reply.right ? 'good' : 'bad'}">
      <p><b>${reply.right ? `✓ ${t('question.right')}` : done ? t('question.shown', { answer: reply.answer.map((name) => nameOf(asked, name, context)).join(', ') }) : `✗ ${t('question.wrong')}`}</b></p>
      ${said ? html`<div class="prose" lang=${lang}>${unsafeHTML(said.html)}</div>` : nothing}
      ${done && reply.seen ? html`<p class="onward"><button class="btn" @click=${() => run('seek', reply.seen)}>${t('question.see')} ›</button>
        <button class="link" @click=${() => run('again', asked.id)}>${t('question.again')}</button></p>` : nothing}</div>` : nothing}</div>
  </section>`);
}

/** What there is to answer with. @param {Question} asked @param {Context} context */
function answers(asked, context) {
  const { state, boot, t, run } = context;
  const reply = replyTo(state, asked.id);
  const done = settled(reply);
  if (asked.kind === 'value') {
    return html`<label class="value">${t('question.value')} <input name="given" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="40" required ?disabled=${done} .value=${reply.given[0] ?? ''}></label>`;
  }
  if (asked.kind === 'order') {
    const order = orderOf(asked, context);
    return html`<ol class="order">${order.map((name, at) => html`<li><span>${nameOf(asked, name, context)}</span>
      <button class="btn" type="button" ?disabled=${done || !at} aria-label=${t('question.up', { name: nameOf(asked, name, context) })} @click=${() => run('arrange', { id: asked.id, order: moved(order, at, -1) })}>↑</button>
      <button class="btn" type="button" ?disabled=${done || at === order.length - 1} aria-label=${t('question.down', { name: nameOf(asked, name, context) })} @click=${() => run('arrange', { id: asked.id, order: moved(order, at, 1) })}>↓</button></li>`)}</ol>`;
  }
  const type = asked.kind === 'several' ? 'checkbox' : 'radio';
  const lang = asked.kind === 'place' || boot.text.lang === boot.lang ? nothing : boot.text.lang;
  return html`<fieldset ?disabled=${done}><legend class="visually-hidden">${t(type === 'radio' ? 'question.one' : 'question.several')}</legend>
    ${asked.kind === 'place' ? html`<p class="note in-picture">${t('question.place')}</p>` : nothing}
    ${type === 'checkbox' ? html`<p class="note">${t('question.several')}</p>` : nothing}
    ${arranged(asked, context).map((name) => html`<label class="choice ${done && (reply.answer.includes(name) || (reply.right && reply.given.includes(name))) ? 'correct' : ''}"><input type=${type} name="given" value=${name} ?required=${type === 'radio'} .checked=${reply.given.includes(name)} @change=${asked.kind === 'place' ? () => run('choosePlace', { id: asked.id, place: name }) : nothing}>
      <span lang=${lang}>${label(asked, name, context)}</span></label>`)}</fieldset>`;
}

/** What was chosen. @param {Question} asked @param {SubmitEvent} event @param {Context} context */
function given(asked, event, context) {
  if (asked.kind === 'order') return orderOf(asked, context);
  return [...new FormData(/** @type {HTMLFormElement} */ (event.target)).getAll('given')].map(String);
}

/** The order as the learner has it. @param {Question} asked @param {Context} context */
function orderOf(asked, context) {
  const { given: kept } = replyTo(context.state, asked.id);
  return kept.length === asked.among.length ? kept : arranged(asked, context);
}

/** @param {Question} asked @param {Context} context */
function arranged(asked, { state }) {
  return asked.kind === 'place' ? asked.among : shuffled(asked.among, seedOf(asked.id, state.seed));
}

/** An answer as it is shown to choose. @param {Question} asked @param {string} name @param {Context} context */
function label(asked, name, context) {
  const words = context.boot.text.questions?.[asked.id].answers[name]?.label;
  return words ? unsafeHTML(words) : nameOf(asked, name, context);
}

/** An answer in words without markup. @param {Question} asked @param {string} name @param {Context} context */
function nameOf(asked, name, { state, boot, t }) {
  if (asked.kind === 'order') return phaseName(t, state.outline.phased?.[asked.step]?.of ?? 'exit', name);
  if (asked.kind === 'place') {
    return placeName(name, state, boot, t);
  }
  const words = boot.text.questions?.[asked.id].answers[name]?.label ?? '';
  const plain = document.createElement('template');
  plain.innerHTML = words;
  return plain.content.textContent || name;
}

/** How the questions went, with the way to each. @param {Context} context */
export function review(context) {
  const { state, boot, t, run } = context;
  const asked = state.outline.questions ?? [];
  const lang = boot.text.lang === boot.lang ? nothing : boot.text.lang;
  return html`<section class="review" aria-labelledby="review-title"><h3 id="review-title">${t('review.title')}</h3>
    <ul>${asked.map((each) => {
    const went = outcome(replyTo(state, each.id));
    return html`<li><span class="sign ${went}" aria-hidden="true">${{ first: '✓', later: '✓', shown: '○', open: '–' }[went]}</span>
      <button class="link" lang=${lang} @click=${() => run('seek', { step: each.step, phase: each.phase })}>${boot.text.questions?.[each.id]?.title ?? each.id}</button>
      <span class="note">${t(`review.${went}`)} · ${t('review.at', { step: formatPosition(each) })}</span></li>`;
  })}</ul>
    ${boot.variants > 1 ? html`<p><a class="btn" href=${withSeed(location.href, (boot.variant + 1) % boot.variants)}>${t('question.another')}</a> <span class="note">${t('question.another.note')}</span></p>` : nothing}</section>`;
}
