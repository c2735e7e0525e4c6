/**
 * What the learner must know about the connection, a refused command, or something just done.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { firstOf } from '../model/words.js';

/** @param {Context} context */
export function message({ state, t, run }) {
  const { connection, error, notice } = state;
  const trouble = connection === 'lost' ? t('connection.lost') : connection === 'taken' ? t('connection.taken')
    : error ? firstOf(t, [`error.${error.code}`, 'error.other'], { message: error.code, length: state.length, ...error.params }) : '';
  const text = trouble || notice;
  return html`<div class="message ${trouble ? 'trouble' : ''}" role="status" ?hidden=${!text}>${text ? html`<span>${text}</span>
    ${connection === 'open' ? html`<button class="link" @click=${() => run('close')}>${t('error.dismiss')}</button>` : nothing}` : nothing}</div>`;
}
