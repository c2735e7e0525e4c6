/**
 * The Text tab: the whole scene in words, for those who cannot see the picture or would rather read it. Terms explain themselves, each where it first stands.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { failedCheck } from '../model/checks.js';
import { pieces } from '../model/marks.js';
import { sceneParts } from '../model/scene_text.js';
import { lazily } from './lazy.js';
import { aboutButton } from './rows.js';

/** @param {Context} context */
export function text(context) {
  const { state, boot, t } = context;
  /** @type {Set<string>} */
  const told = new Set();
  const explained = (/** @type {string} */ line) => pieces(line, boot.marks ?? {}, told).map(({ text: words, term }) => (term ? html`<button type="button" class="term" data-about="term.${term}" aria-haspopup="dialog">${words}</button>` : words));
  const checks = failedCheck(state) ? lazily('checks-text', async () => (await import('./checks.js')).loadText(boot), context) : nothing;
  return html`<div class="scene-text">${sceneParts(state, t).map(({ title, about, lines }, n) => html`<h3>${about ? aboutButton(title, about) : title}</h3><ul>${lines.map((line) => html`<li>${explained(line)}</li>`)}</ul>${n ? nothing : checks}`)}</div>`;
}
