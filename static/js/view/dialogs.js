/**
 * The two dialogs: the keys, and "go to step". Native <dialog>: the browser keeps the focus inside and closes on Escape.
 * @typedef {import('./player.js').Context} Context
 */
import { html } from 'lit-html';
import { HELP } from '../model/keys.js';
import { clampPosition, formatPosition, parsePosition } from '../model/position.js';

/** @param {Context} context */
export function dialogs({ state, t, run }) {
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
  return html`<dialog id="help" aria-labelledby="help-title" @close=${() => run('close')}>
      <h2 id="help-title">${t('help.title')}</h2>
      <dl class="keys">${HELP.map(([keys, words, letter]) => html`<div class=${letter && !state.letters ? 'off' : ''}><dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${t(words)}</dd></div>`)}</dl>
      <label class="switch"><input type="checkbox" .checked=${state.letters} @change=${(/** @type {Event & {target: HTMLInputElement}} */ event) => run('letters', event.target.checked)}> ${t('help.letters')}</label>
      <form method="dialog"><button class="btn">${t('help.close')}</button></form></dialog>
    <dialog id="go-to" aria-labelledby="go-title" @close=${() => run('close')}>
      <form @submit=${go}><h2 id="go-title">${t('go.title')}</h2>
        <label for="go-step">${t('go.label', { length: state.outline.length })}</label>
        <input id="go-step" name="step" type="text" inputmode="decimal" autocomplete="off" .value=${formatPosition(state.position)} @input=${(/** @type {Event & {target: HTMLInputElement}} */ event) => event.target.setCustomValidity('')}>
        <p class="buttons"><button type="button" class="btn" @click=${() => run('close')}>${t('go.cancel')}</button> <button class="btn go">${t('go.submit')}</button></p></form></dialog>`;
}

/** Opens and closes the native dialogs as the state says. @param {HTMLElement} host @param {import('../types').State} state */
export function syncDialogs(host, state) {
  for (const [id, open] of /** @type {[string, boolean][]} */ ([['help', state.help], ['go-to', state.goTo]])) {
    const dialog = /** @type {HTMLDialogElement | null} */ (host.querySelector(`#${id}`));
    if (!dialog || dialog.open === open) continue;
    if (open) {
      dialog.showModal();
      dialog.querySelector('input[type=text]')?.dispatchEvent(new Event('focus'));
      /** @type {HTMLInputElement | null} */ (dialog.querySelector('input[type=text]'))?.select();
    } else dialog.close();
  }
}
