/**
 * The two dialogs: the keys, and "go to step"; loaded when one is first asked for. Native <dialog>: the browser keeps the focus inside and closes on Escape.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { LEVELS } from '../model/level.js';
import { HELP } from '../model/keys.js';
import { clampPosition, formatPosition, parsePosition } from '../model/position.js';

/** @param {Context} context */
export function dialogs(context) {
  const { state, run } = context;
  return html`<dialog id="help" aria-labelledby="help-title" @close=${() => run('close')}>
      ${state.help ? help(context) : nothing}</dialog>
    <dialog id="go-to" aria-labelledby="go-title" @close=${() => run('close')}>${state.goTo ? goTo(context) : nothing}</dialog>`;
}

/** @param {Context} context */
function help({ state, t, run }) {
  return html`<h2 id="help-title">${t('help.title')}</h2>
      <dl class="keys">${HELP.map(([keys, words, letter]) => html`<div class=${letter && !state.letters ? 'off' : ''}><dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${t(words)}</dd></div>`)}</dl>
      <label class="switch"><input type="checkbox" .checked=${state.letters} @change=${(/** @type {Event & {target: HTMLInputElement}} */ event) => run('letters', event.target.checked)}> ${t('help.letters')}</label>
      <label class="switch"><input type="checkbox" .checked=${state.large} @change=${(/** @type {Event & {target: HTMLInputElement}} */ event) => run('large', event.target.checked)}> ${t('help.large')}</label>
      <label class="switch">${t('level.choose')} <select @change=${(/** @type {Event & {target: HTMLSelectElement}} */ event) => run('level', event.target.value)}>${LEVELS.map((level) => html`<option value=${level} ?selected=${state.level === level}>${t(`level.${level}`)}</option>`)}</select></label>
      <form method="dialog"><button class="btn">${t('help.close')}</button></form>`;
}

/** @param {Context} context */
function goTo({ state, t, run }) {
  /** @param {SubmitEvent} event */
  const go = (event) => {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.currentTarget).elements.namedItem('step'));
    const wanted = parsePosition(input.value);
    input.setCustomValidity(wanted ? '' : t('go.wrong'));
    if (!wanted) return input.reportValidity();
    run('close');
    run('seek', clampPosition(wanted, state.outline));
  };
  return html`<form @submit=${go}><h2 id="go-title">${t('go.title')}</h2>
        <label for="go-step">${t('go.label', { length: state.outline.length })}</label>
        <input id="go-step" name="step" type="text" inputmode="decimal" autocomplete="off" .value=${formatPosition(state.position)} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => event.target.setCustomValidity('')}>
        ${state.bookmarks.length ? html`<p>${t('go.bookmarks')}</p><p class="choose">${state.bookmarks.map((mark) => html`<button type="button" class="btn" @click=${() => { run('close'); run('seek', mark); }}>${formatPosition(mark)}</button>`)}</p>` : nothing}
        <p class="buttons"><button type="button" class="btn" @click=${() => run('close')}>${t('go.cancel')}</button> <button class="btn go">${t('go.submit')}</button></p></form>`;
}
