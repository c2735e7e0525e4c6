/**
 * The whole player: which parts there are and where; each part is a view of its own.
 * @typedef {{state: import('../types').State, boot: import('../types').Boot, t: import('../types').Translate, run: (name: string, argument?: any) => void}} Context
 */
import { html, nothing, render } from 'lit-html';
import { diagram } from './diagram.js';
import { dialogs, syncDialogs } from './dialogs.js';
import { message } from './message.js';
import { story } from './story.js';
import { tabs } from './tabs.js';
import { timeline } from './timeline.js';
import { transport } from './transport.js';

/** Below this width the layout is another one. */
export const COMPACT = 700;

/** @param {HTMLElement} host @param {Context} context */
export function drawPlayer(host, context) {
  const { state, t } = context;
  const compact = state.width < COMPACT;
  host.classList.toggle('compact', compact);
  render(html`
    ${message(context)}
    <div class="left">
      <div class="scroll"><section class="card stage" aria-label=${t('player.diagram')}><div class="stage-area" id="stage">${state.scene ? diagram(context, compact) : html`<p class="loading">${t('player.loading')}</p>`}</div></section>
        ${compact ? html`${story(context)}${tabs(context)}` : nothing}</div>
      <div class="deck">${transport(context, compact)}${timeline(context, compact)}</div>
    </div>
    ${compact ? nothing : html`<div class="right">${story(context)}${tabs(context)}</div>`}
    ${dialogs(context)}
    <div class="blank" ?hidden=${!state.blank} role="status">${state.blank ? t('player.blank') : nothing}</div>`, host);
  syncDialogs(host, state);
  watchStage(host, context);
  revealCurrent(host, state);
}

/** @type {ResizeObserver | null} */
let observer = null;

/** The diagram is laid out in real pixels, so the stage tells its size. @param {HTMLElement} host @param {Context} context */
function watchStage(host, { run }) {
  const stage = host.querySelector('#stage');
  if (!stage || (observer && stage === watched)) return;
  observer?.disconnect();
  watched = stage;
  observer = new ResizeObserver(([{ contentRect: { width, height } }]) => run('stage', { width: Math.floor(width), height: Math.floor(height) }));
  observer.observe(stage);
}
/** @type {Element | null} */
let watched = null;

let shown = '';
let tabShown = '';
/** Keeps the current line of the code in sight without moving the page. @param {HTMLElement} host @param {import('../types').State} state */
function revealCurrent(host, state) {
  const panel = host.querySelector('#panel');
  if (panel && tabShown !== state.tab) panel.scrollTop = 0;
  tabShown = state.tab;
  const mark = `${state.tab} ${state.position.step}.${state.position.phase} ${state.width}`;
  if (mark === shown) return;
  const current = host.querySelector('[data-current]');
  const scroller = current?.closest('[data-scroller]');
  if (!current || !scroller) return;
  shown = mark;
  const [box, line] = [scroller.getBoundingClientRect(), current.getBoundingClientRect()];
  if (line.top < box.top + 30 || line.bottom > box.bottom - 8) scroller.scrollTop += line.top - box.top - box.height * 0.38;
}
