/**
 * The whole player: which parts there are and where; each part is a view of its own.
 * @typedef {{state: import('../types').State, boot: import('../types').Boot, t: import('../types').Translate, run: (name: string, argument?: any) => void,
 *   onward?: (context: any) => unknown}} Context   `onward`: what a page has to say at the lesson's end
 */
import { html, nothing, render } from 'lit-html';
import { hidesPhases } from '../model/drive.js';
import { cardRows } from '../model/layout.js';
import { isCompact } from '../model/room.js';
import { diagram } from './diagram.js';
import { lazily } from './lazy.js';
import { levelButtons } from './level_buttons.js';
import { message } from './message.js';
import { syncDialogs } from './modal.js';
import { revealCurrent } from './reveal.js';
import { story } from './story.js';
import { timeline } from './timeline.js';
import { transport } from './transport.js';
import { createTurns } from './turns.js';

/** The words and the frame of all, the timeline, the picture, the tabs. */
const [WORDS, TIMELINE, PICTURE, TABS] = [0, 1, 2, 3];
const turns = createTurns(4);
/** @type {Context} */
let latest;
/** @type {boolean | undefined} */
let compactBefore;

/** @param {HTMLElement} host @param {Context} context */
export function drawPlayer(host, context) {
  const { state, boot, t } = context;
  const root = document.documentElement;
  const compact = isCompact({ ...state, embed: Boolean(boot.embed), natural: root.classList.contains('natural') });
  root.classList.toggle('compact', compact);
  if (compact !== compactBefore) turns.only(null);
  else if (context !== latest) turns.only(concerned(latest.state, state));
  compactBefore = compact;
  latest = context;
  for (const part of [...host.children]) if (part.classList.contains('first')) part.remove();
  host.dataset.connection = state.connection;
  const rows = cardRows(state.stage.width, Object.keys(state.scene?.processors ?? {}).length);
  const controls = boot.embed?.controls ?? 'full';
  const room = !boot.embed || (!compact && controls === 'full');
  const details = room ? turns.part(TABS, () => lazily('tabs', async () => (await import('./tabs.js')).tabs, context, html`<section class="card details"></section>`)) : nothing;
  const words = () => turns.part(WORDS, () => story(context, room));
  render(html`
    ${message(context)}
    <div class="left">
      <div class="scroll">${forked(context)}<section class="card stage ${rows ? `cards-${rows}` : ''}" aria-label=${t('player.diagram')}><div class="stage-area" id="stage">${state.scene ? turns.part(PICTURE, () => picture(context, compact)) : html`<p class="loading">${t('player.loading')}</p>`}</div>
        ${levelButtons(context)}<button type="button" class="btn terms" data-about="list" aria-haspopup="dialog" aria-label=${t('explain.terms')} title=${t('explain.terms')}>i</button></section>
        ${compact ? html`${words()}${details}` : nothing}</div>
      ${controls === 'none' ? nothing : html`<div class="deck">${turns.part(WORDS, () => transport(context, compact))}${controls === 'min' ? nothing : turns.part(TIMELINE, () => timeline(context, compact))}</div>`}
    </div>
    ${compact ? nothing : html`<div class="right">${words()}${details}</div>`}
    ${dialogs(context)}
    <div class="blank" ?hidden=${!state.blank} role="status">${state.blank ? t('player.blank') : nothing}</div>`, host);
  syncDialogs(host, state);
  watchStage(host, context);
  revealCurrent(host, state);
  if (state.scene) turns.goOn(() => drawPlayer(host, latest));
}

/** The one part that a change is about, none of them (-1), or null for all. @param {import('../types').State} before @param {import('../types').State} after */
function concerned(before, after) {
  const changed = /** @type {(keyof typeof after)[]} */ (Object.keys(after)).filter((key) => after[key] !== before[key]);
  if (!changed.length || changed.some((key) => key !== 'connection' && key !== 'listing')) return null;
  return changed.includes('listing') ? TABS : -1;
}

let dialogsAsked = false;
/** @param {Context} context */
function dialogs(context) {
  dialogsAsked ||= context.state.help || context.state.goTo;
  return dialogsAsked ? lazily('dialogs', async () => (await import('./dialogs.js')).dialogs, context) : nothing;
}

/** The picture, as close as the learner wants it. @param {Context} context @param {boolean} compact */
function picture(context, compact) {
  const { level } = context.state;
  if ((level === 'phases' && !hidesPhases(context.state)) || level === 'instruction') return lazily('close', async () => (await import('./close.js')).draw, context);
  return diagram(context, compact, true);
}

/** That this is not the lesson's own run. @param {Context} context */
function forked({ state, t, run }) {
  if (!state.fork) return nothing;
  return html`<div class="forked" role="status"><span>${state.fork.words}</span><button class="btn" data-command="compare" @click=${() => run('compare')}>${t('what_if.compare')}</button>
    <button class="btn" data-command="back" @click=${() => run('back')}>${t('what_if.back')}</button></div>`;
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
