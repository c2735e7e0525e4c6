/**
 * Whose translations and TLB are looked at, where there are several processors: the one that acted, or a chosen one.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';

/** @param {Pick<Context, 'state' | 't' | 'run'>} context */
export function whose({ state: { scene, look }, t, run }) {
  const numbers = Object.keys(scene?.processors ?? {});
  return numbers.length < 2 ? nothing : html`<div class="choose" role="group" aria-label=${t('look.processor')}>${['', ...numbers].map((number) => html`
    <button class="btn" data-whose=${number} aria-pressed=${look.processor === number} @click=${() => run('look', { processor: number })}>${number ? t('diagram.processor', { number }) : t('look.acting')}</button>`)}</div>`;
}
