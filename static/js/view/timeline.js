/**
 * The timeline: who had control when, each VM exit, each stop; drag anywhere to go there. On a narrow screen one strip.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing, svg } from 'lit-html';
import { formatPosition } from '../model/position.js';
import { reasonName, whoHasControl } from '../model/sentences.js';
import { stopHere } from '../model/selectors.js';
import { fraction, lanes, positionAt, segments, ticks } from '../model/timeline.js';

const LANE = 16;
/** A pointer this close to a stop means the stop. */
const REACH_PX = 4;

const percent = (/** @type {number} */ value) => `${(value * 100).toFixed(3)}%`;

/** @param {Context} context @param {boolean} compact */
export function timeline({ state, boot, t, run }, compact) {
  const { outline, position, scene } = state;
  const rows = lanes(outline.vms);
  const at = fraction(position, outline);
  const pitch = Math.max(16, Math.min(31, Math.floor((state.height < 820 ? 94 : 140) / rows.length)));
  const row = Math.min(LANE, pitch - 5);
  const top = (/** @type {string} */ lane) => (compact ? 6 : rows.indexOf(lane) * pitch + 12);
  const bottom = top('off') + row;
  const height = compact ? 26 : bottom + 32;
  const names = { root: t('timeline.root'), off: t('timeline.off') };
  const value = t('timeline.value', { position: formatPosition(position), length: outline.length, who: scene ? whoHasControl(scene, t) : '' });
  const seek = (/** @type {PointerEvent} */ event) => {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    run('drag', positionAt((event.clientX - box.left) / box.width, outline, REACH_PX / box.width));
  };
  return html`<section class="card timeline" aria-label=${t('timeline.label')}>
    ${compact ? nothing : html`<svg class="lane-names" width="84" height=${height} aria-hidden="true">${rows.map((lane) => svg`<text class="small" x="0" y=${top(lane) + row / 2 + 4.5}>${names[/** @type {'off'} */ (lane)] ?? t('timeline.vm', { vm: lane })}</text>`)}</svg>`}
    <div class="track" role="slider" tabindex="0" aria-label=${t('timeline.label')} aria-valuemin="0" aria-valuemax=${outline.length} aria-valuenow=${position.step} aria-valuetext=${value}
      @pointerdown=${(/** @type {PointerEvent} */ event) => { /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId); seek(event); }}
      @pointermove=${(/** @type {PointerEvent} */ event) => { if (event.buttons & 1) seek(event); }}>
      <svg width="100%" height=${height} aria-hidden="true">
        ${compact ? nothing : rows.map((lane) => svg`<line class="lane-line" x1="0" x2="100%" y1=${top(lane) + (pitch + row) / 2} y2=${top(lane) + (pitch + row) / 2}></line>`)}
        ${segments(outline, at).map(({ lane, from, to, done }) => svg`<rect class="lane lane-${tone(lane, outline.vms)} ${done ? 'done' : ''}" x=${percent(from)} width=${percent(to - from)} y=${top(lane)} height=${compact ? 10 : row} rx=${compact ? 0 : 3}></rect>`)}
        ${compact ? nothing : outline.exits.map(({ step, vm, reason, name }) => svg`<line class="exit-mark ${step <= position.step ? 'done' : ''}" x1=${percent(step / outline.length)} x2=${percent(step / outline.length)} y1=${top(vm) + row} y2=${top('root')}><title>${t('timeline.exit', { name: reasonName(t, reason, name), step })}</title></line>`)}
        ${outline.stops.map((stop) => svg`<svg class="stop-mark ${fraction(stop, outline) <= at ? 'done' : ''} ${stopHere(state)?.id === stop.id ? 'here' : ''}" x=${percent(fraction(stop, outline))} y=${compact ? 21 : bottom + 10} overflow="visible"><path d="M0-4 4 0 0 4-4 0z"></path><title>${t('timeline.stop', { title: boot.text.stops[stop.id]?.title ?? stop.id, step: formatPosition(stop) })}</title></svg>`)}
        ${compact ? nothing : ticks(outline.length).filter((step) => Math.abs(step - position.step) / outline.length > 0.05).map((step) => svg`<text class="tick mono" x=${percent(step / outline.length)} y=${height - 2} text-anchor=${anchor(step / outline.length)}>${step}</text>`)}
        <svg class="playhead" x=${percent(at)} overflow="visible">
          <line y1="2" y2=${height - (compact ? 0 : 14)}></line>${compact ? nothing : svg`<path d="M-6 0H6V6L0 12-6 6z"></path><text class="mono here" y=${height - 2} text-anchor=${anchor(at)}>${formatPosition(position)}</text>`}
        </svg>
      </svg>
    </div></section>`;
}

/** @param {number} place */
function anchor(place) {
  return place < 0.02 ? 'start' : place > 0.98 ? 'end' : 'middle';
}

/** @param {string} lane @param {string[]} vms */
function tone(lane, vms) {
  return vms.includes(lane) ? `vm-${vms.indexOf(lane)}` : lane;
}
