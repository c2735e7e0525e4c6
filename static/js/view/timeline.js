/**
 * The timeline: who had control when, each VM exit, each stop, bookmarks and breakpoints; drag anywhere to go there, point to be told, zoom to
 * look closer. On a narrow screen one strip.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing, svg } from 'lit-html';
import { formatPosition } from '../model/position.js';
import { questionHere, replyTo, settled } from '../model/questions.js';
import { reasonName, whoHasControl } from '../model/sentences.js';
import { stopHere } from '../model/selectors.js';
import { at as standsAt, fraction, lanes, positionAt, segments, spanOf, ticks, within } from '../model/timeline.js';

const LANE = 16;
/** A pointer this close to a stop or an exit means it. */
const REACH_PX = 4;

const percent = (/** @type {number} */ value) => `${(value * 100).toFixed(3)}%`;
const inside = (/** @type {number} */ place) => place >= -0.001 && place <= 1.001;

/** @param {Context} context @param {boolean} compact */
export function timeline(context, compact) {
  const { state, t, run } = context;
  const { outline, position, scene } = state;
  const rows = lanes(outline.vms);
  const at = fraction(position, outline);
  const [stopAt, askedAt] = [stopHere(state)?.id, questionHere(state)?.id];
  const span = compact ? { from: 0, to: 1 } : spanOf(state.zoom, at);
  const pitch = Math.max(16, Math.min(31, Math.floor((state.height < 820 ? 94 : 140) / rows.length)));
  const row = Math.min(LANE, pitch - 5);
  const top = (/** @type {string} */ lane) => (compact ? 6 : rows.indexOf(lane) * pitch + 12);
  const bottom = top('off') + row;
  const height = compact ? 26 : bottom + 32;
  const value = t('timeline.value', { position: formatPosition(position), length: outline.length, who: scene ? whoHasControl(scene, t) : '' });
  const marks = [...outline.stops, ...(outline.questions ?? []), ...state.bookmarks];
  const track = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.currentTarget);
  const place = (/** @type {MouseEvent} */ event) => {
    const { left, width } = track(event).getBoundingClientRect();
    return { place: (event.clientX - left) / width, reach: REACH_PX / width, x: event.clientX - left };
  };
  const seek = (/** @type {PointerEvent} */ event) => {
    const pointed = place(event);
    run('drag', positionAt(pointed.place, outline, span, pointed.reach, marks));
  };
  const point = (/** @type {PointerEvent} */ event) => {
    const pointed = place(event);
    if (event.buttons & 1) seek(event);
    tell(track(event), pointed.x, words(standsAt(pointed.place, outline, span, pointed.reach), context));
  };
  const wheel = (/** @type {WheelEvent} */ event) => {
    if (compact || !event.ctrlKey) return;
    event.preventDefault();
    run('zoom', { by: event.deltaY < 0 ? 1.4 : 1 / 1.4, around: span.from + place(event).place * (span.to - span.from) });
  };
  return html`<section class="card timeline" aria-label=${t('timeline.label')}>
    ${compact ? nothing : html`<svg class="lane-names" width="84" height=${height} aria-hidden="true">${rows.map((lane) => svg`<text class="small" x="0" y=${top(lane) + row / 2 + 4.5}>${laneName(lane, t)}</text>`)}</svg>`}
    <div class="track" role="slider" tabindex="0" aria-label=${t('timeline.label')} aria-valuemin="0" aria-valuemax=${outline.length} aria-valuenow=${position.step} aria-valuetext=${value}
      @pointerdown=${(/** @type {PointerEvent} */ event) => { track(event).setPointerCapture(event.pointerId); seek(event); }}
      @pointermove=${point} @pointerleave=${(/** @type {PointerEvent} */ event) => tell(track(event), 0, '')} @wheel=${wheel}>
      <svg width="100%" height=${height} aria-hidden="true">
        ${compact ? nothing : rows.map((lane) => svg`<line class="lane-line" x1="0" x2="100%" y1=${top(lane) + (pitch + row) / 2} y2=${top(lane) + (pitch + row) / 2}></line>`)}
        ${segments(outline, at, span).map(({ lane, from, to, done }) => svg`<rect class="lane lane-${tone(lane, outline.vms)} ${done ? 'done' : ''}" x=${percent(from)} width=${percent(to - from)} y=${top(lane)} height=${compact ? 10 : row} rx=${compact ? 0 : 3}></rect>`)}
        ${compact ? nothing : outline.exits.map(({ step, vm }) => [step, vm, within(step / outline.length, span)]).filter(([, , x]) => inside(Number(x))).map(([step, vm, x]) => svg`<line class="exit-mark ${Number(step) <= position.step ? 'done' : ''}" x1=${percent(Number(x))} x2=${percent(Number(x))} y1=${top(String(vm)) + row} y2=${top('root')}></line>`)}
        ${compact ? nothing : state.hits.map((step) => within(step / outline.length, span)).filter(inside).map((x) => svg`<svg class="hit-mark" x=${percent(x)} y="6" overflow="visible"><circle r="3.6"></circle></svg>`)}
        ${state.bookmarks.map((mark) => within(fraction(mark, outline), span)).filter(inside).map((x) => svg`<svg class="bookmark" x=${percent(x)} y="1" overflow="visible"><path d="M-4 0H4V10L0 6.500-4 10z"></path></svg>`)}
        ${outline.stops.map((stop) => ({ stop, x: within(fraction(stop, outline), span) })).filter(({ x }) => inside(x)).map(({ stop, x }) => svg`<svg class="stop-mark ${fraction(stop, outline) <= at ? 'done' : ''} ${stopAt === stop.id ? 'here' : ''}" x=${percent(x)} y=${compact ? 21 : bottom + 10} overflow="visible"><path d="M0-4 4 0 0 4-4 0z"></path></svg>`)}
        ${(outline.questions ?? []).map((asked) => ({ asked, x: within(fraction(asked, outline), span) })).filter(({ x }) => inside(x)).map(({ asked, x }) => svg`<svg class="question-mark ${settled(replyTo(state, asked.id)) ? 'done' : ''} ${askedAt === asked.id ? 'here' : ''}" x=${percent(x)} y=${compact ? 21 : bottom + 10} overflow="visible"><circle r="7.5"></circle><text y="4.3" text-anchor="middle">?</text></svg>`)}
        ${compact ? nothing : ticks(Math.round(span.from * outline.length), Math.round(span.to * outline.length)).map((step) => ({ step, x: within(step / outline.length, span) })).filter(({ x }) => Math.abs(x - within(at, span)) > 0.05).map(({ step, x }) => svg`<text class="tick mono" x=${percent(x)} y=${height - 2} text-anchor=${anchor(x)}>${step}</text>`)}
        <svg class="playhead" x=${percent(within(at, span))} overflow="visible">
          <line y1="2" y2=${height - (compact ? 0 : 14)}></line>${compact ? nothing : svg`<path d="M-6 0H6V6L0 12-6 6z"></path><text class="mono here" y=${height - 2} text-anchor=${anchor(within(at, span))}>${formatPosition(position)}</text>`}
        </svg>
      </svg><span class="pointed" hidden></span>
    </div>
    ${compact ? nothing : html`<div class="zoom" role="group" aria-label=${t('timeline.zoom')}>${[['+', 2, 'timeline.closer'], ['−', 0.5, 'timeline.further']].map(([sign, by, key]) => html`
      <button class="btn" aria-label=${t(String(key))} title=${t(String(key))} aria-disabled=${by === 0.5 && state.zoom.factor <= 1} @click=${() => run('zoom', { by })}>${sign}</button>`)}</div>`}</section>`;
}

/** Shows or hides the words at the pointer; apart from the drawing, which a moving pointer must not cause. @param {HTMLElement} track @param {number} x @param {string} text */
function tell(track, x, text) {
  const tip = /** @type {HTMLElement} */ (track.querySelector('.pointed'));
  tip.hidden = !text;
  tip.textContent = text;
  tip.style.left = `${Math.max(0, Math.min(x - tip.offsetWidth / 2, track.clientWidth - tip.offsetWidth))}px`;
}

/** @param {ReturnType<typeof standsAt>} what @param {Context} context */
function words({ step, lane, exit }, { state, boot, t }) {
  const stop = state.outline.stops.find((candidate) => candidate.step === step);
  if (exit) return t('timeline.exit', { name: reasonName(t, exit.reason, exit.name), step });
  const asked = state.outline.questions?.find((candidate) => candidate.step === step);
  if (asked) return t('question.spoken', { title: boot.text.questions?.[asked.id]?.title ?? asked.id });
  if (stop) return t('timeline.stop', { title: boot.text.stops[stop.id]?.title ?? stop.id, step: formatPosition(stop) });
  return t('timeline.here', { step, lane: laneName(lane, t) });
}

/** @param {string} lane @param {import('../types').Translate} t */
function laneName(lane, t) {
  return lane === 'root' || lane === 'off' ? t(`timeline.${lane}`) : t('timeline.vm', { vm: lane });
}

/** @param {number} place */
function anchor(place) {
  return place < 0.02 ? 'start' : place > 0.98 ? 'end' : 'middle';
}

/** @param {string} lane @param {string[]} vms */
function tone(lane, vms) {
  return vms.includes(lane) ? `vm-${vms.indexOf(lane)}` : lane;
}
