/**
 * The transport: first, back, play, forward, last, exits, speed, and where we are. On a narrow screen the five large buttons only.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing } from 'lit-html';
import { compare, phasesAt } from '../model/position.js';
import { ICONS } from './icons.js';

/** @param {Context} context @param {boolean} compact */
export function transport({ state, t, run }, compact) {
  const { position, length } = state;
  const atStart = !position.step && !position.phase;
  const atEnd = position.step >= length;
  const off = !state.scene;
  const button = (/** @type {string} */ command, /** @type {keyof typeof ICONS} */ icon, /** @type {string} */ label, /** @type {boolean} */ dead) => html`
    <button class="key" data-command=${command} aria-label=${label} title=${label} aria-disabled=${dead || off} @click=${() => run(command)}>${ICONS[icon]}</button>`;
  const playing = t(state.playing ? 'transport.pause' : 'transport.play');
  const phases = phasesAt(position, state.outline)?.names.length;
  return html`<section class="card transport" aria-label=${t('player.transport')}>
    ${button('first', 'first', t('transport.first'), atStart)}
    ${button('stepBack', 'back', t('transport.back'), atStart)}
    <button class="key go" data-command="togglePlay" aria-label=${playing} title=${playing} aria-disabled=${off} @click=${() => run('togglePlay')}>${state.playing ? ICONS.pause : ICONS.play}<span class="wide">${playing}</span></button>
    ${button('stepForward', 'forward', t('transport.forward'), atEnd)}
    ${button('last', 'last', t('transport.last'), atEnd)}
    ${compact ? nothing : html`
      <button class="btn" data-command="previousExit" aria-label=${t('transport.previous_exit')} title=${t('transport.previous_exit')} @click=${() => run('previousExit')}>‹ ${t('transport.exit')}</button>
      <button class="btn" data-command="nextExit" aria-label=${t('transport.next_exit')} title=${t('transport.next_exit')} @click=${() => run('nextExit')}>${t('transport.exit')} ›</button>
      <button class="btn speed" data-command="nextSpeed" aria-label=${t('transport.speed', { speed: state.speed })} title=${t('transport.speed', { speed: state.speed })} @click=${() => run('nextSpeed')}>${state.speed}×</button>
      <button class="btn" data-command="whatIf" aria-label=${t('key.what_if')} title=${t('key.what_if')} @click=${() => run('whatIf')}>${ICONS.branch}</button>
      <button class="btn" data-command="bookmark" aria-pressed=${state.bookmarks.some((mark) => !compare(mark, position))} aria-label=${t('key.bookmark')} title=${t('key.bookmark')} @click=${() => run('bookmark')}>${ICONS.bookmark}</button>
      <button class="btn" data-command="help" aria-label=${t('transport.keys')} title=${t('transport.keys')} @click=${() => run('help')}>?</button>`}
    <p class="position">${compact ? html`<b>${position.step}${position.phase ? `.${position.phase}` : ''}</b> / ${t.number(length)}` : html`${words(t, position.step, length)}${position.phase && phases ? html`<span> · ${t('transport.phase', { phase: position.phase, total: phases })}</span>` : nothing}`}</p>
    ${compact ? nothing : html`<p class="hint" aria-hidden="true">${t('transport.hint')}</p>`}
  </section>`;
}

/** "step 37 of 212" with the number in bold. @param {import('../types').Translate} t @param {number} step @param {number} length */
function words(t, step, length) {
  const [before, after] = t('transport.position', { step: '\u0000', length }).split('\u0000');
  return html`${before}<b>${step}</b>${after}`;
}
