/**
 * The logical processor at the bottom of the picture: in which operation it is, and the facts that decide what it may do.
 * @typedef {import('./player.js').Context} Context
 */
import { svg } from 'lit-html';
import { facts, placeFacts } from '../model/processor_row.js';
import { processorOf } from '../model/selectors.js';

/** @param {Context} context @param {import('../model/layout.js').Box} box */
export function processorBox({ state, t }, { x, y, w, h }) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const processor = processorOf(scene);
  const mode = t(`diagram.mode.${processor.mode}`);
  const narrow = w < 760;
  const row = placeFacts(facts(scene, t), narrow ? Math.max(146, t('diagram.processor', { number: 0 }).length * 7.3 + 26) : 126, w - 14);
  const middle = y + h / 2;
  const changed = processor.changed ?? {};
  const marks = /** @type {Record<string, boolean>} */ ({ rip: false, vmxe: 'cr4' in changed, lock: 'ia32_feature_control' in changed });
  return svg`<g class="processor"><rect class="processor-box" x=${x} y=${y} width=${w} height=${h} rx="12"></rect>
    <text class="name" x="18" y=${middle - 12}>${t('diagram.processor', { number: 0 })}</text>
    <rect class="mode-badge" x="18" y=${middle - 2} width="96" height="25" rx="7"></rect>
    <text class="mode-word" x="66" y=${middle + 15} text-anchor="middle">${mode}</text>
    ${row.map(({ id, label, value, x: at, row: line }) => {
    const top = line === 0 ? middle + 8 : line === 1 ? middle - 16 : middle + 13;
    return svg`<g class=${marks[id] ? 'fact changed' : 'fact'}><text class="small quiet" x=${at} y=${top}>${label}</text><text class="mono" x=${at} y=${top + 14}>${value}</text></g>`;
  })}</g>`;
}
