/**
 * The logical processor at the bottom of the picture: in which operation it is, and the facts that decide what it may do. Of several each has a
 * card: in which operation it is, whom it runs or why it does not, and its current VMCS.
 * @typedef {import('./player.js').Context} Context
 */
import { nothing, svg } from 'lit-html';
import { fit } from '../model/format.js';
import { facts, placeFacts } from '../model/processor_row.js';
import { processorNumber, processorOf, processorsOf, vmOfVmcs } from '../model/selectors.js';

/** The explanation of a fact, where there is one. @type {Record<string, string>} */
const ABOUT = { cpl: 'term.ring', rip: 'register.rip', vmxe: 'term.vmxe', lock: 'term.feature_control', region: 'term.vmxon_region', current: 'term.current_vmcs',
  outcome: 'term.outcome', exits: 'term.vm_exit' };

/** @param {Context} context @param {import('../model/layout.js').Box} box */
export function processorBox({ state, t }, { x, y, w, h }) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const processor = processorOf(scene);
  const name = t('diagram.processor', { number: processorNumber(scene) });
  const mode = t(`diagram.mode.${processor.mode}`);
  const narrow = w < 760;
  const row = placeFacts(facts(scene, t), narrow ? Math.max(146, name.length * 7.3 + 26) : 126, w - 14);
  const middle = y + h / 2;
  const changed = processor.changed ?? {};
  const marks = /** @type {Record<string, boolean>} */ ({ rip: false, vmxe: 'cr4' in changed, lock: 'ia32_feature_control' in changed });
  return svg`<g class="processor"><rect class="processor-box" x=${x} y=${y} width=${w} height=${h} rx="12"></rect>
    <text class="name" data-about="term.logical_processor" x="18" y=${middle - 12}>${name}</text>
    <rect class="mode-badge" x="18" y=${middle - 2} width="96" height="25" rx="7"></rect>
    <text class="mode-word" x="66" y=${middle + 15} text-anchor="middle">${mode}</text>
    ${row.map(({ id, label, value, x: at, row: line }) => {
    const top = line === 0 ? middle + 8 : line === 1 ? middle - 16 : middle + 13;
    return svg`<g class=${marks[id] ? 'fact changed' : 'fact'}><text class="small quiet" data-about=${ABOUT[id]} x=${at} y=${top}>${label}</text><text class="mono" x=${at} y=${top + 14}>${value}</text></g>`;
  })}</g>`;
}

/** How a processor stands, in words: root, in a VM, off, and whether it waits. @param {ReturnType<typeof processorsOf>[number]} one @param {import('../types').Translate} t */
export function standing({ processor, activity }, t) {
  return [processor.mode === 'non_root' ? t('diagram.vm', { vm: processor.vm ?? '' }) : t(`diagram.stands.${processor.mode}`), ...(activity ? [t(activity)] : [])].join(', ');
}

/** @param {Context} context @param {import('../model/layout.js').Layout['processors']} boxes */
export function processorCards({ state, t }, boxes) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  return processorsOf(scene).map((one) => {
    const box = boxes.find(({ id }) => id === one.number);
    return box ? card(one, box, scene, t) : nothing;
  });
}

/** @param {ReturnType<typeof processorsOf>[number]} one @param {import('../model/layout.js').Box} box @param {import('../types').Scene} scene @param {import('../types').Translate} t */
function card(one, { x, y, w, h }, scene, t) {
  const { processor, number, acts, activity } = one;
  const tall = h >= 48;
  const name = `${acts ? '▸ ' : ''}${t('diagram.lp', { number })}`;
  const badge = processor.mode === 'non_root' ? t('diagram.vm', { vm: processor.vm ?? '' }) : t(`diagram.mode.${processor.mode}`);
  const badgeWidth = Math.max(52, badge.length * 8 + 12);
  const line = tall ? y + h / 2 - 8 : y + h / 2 + 4.5;
  const owner = vmOfVmcs(scene, processor.current_vmcs);
  const current = processor.current_vmcs ? `VMCS ${processor.current_vmcs}${owner ? ` (${owner})` : ''}` : t('diagram.no_vmcs');
  const left = x + 66 + badgeWidth;
  const rest = activity ? t(activity) : tall ? `RIP ${processor.rip}` : processor.current_vmcs ? `VMCS ${owner ?? processor.current_vmcs}` : '';
  const words = (/** @type {string} */ text, /** @type {number} */ at, /** @type {number} */ top, /** @type {string} */ kind) => svg`<text class=${kind} x=${at} y=${top}>${fit(text, x + w - at - 6, kind === 'mono' ? 7.3 : 6.4)}<title>${text}</title></text>`;
  return svg`<g class="processor mode-${processor.mode} ${acts ? 'acts' : ''}" data-processor=${number}><rect class="processor-box" x=${x} y=${y} width=${w} height=${h} rx="9"></rect>
    <text class="name" data-about="term.logical_processor" x=${x + 10} y=${line}>${name}<title>${t('diagram.processor', { number })}</title></text>
    <rect class="mode-badge" x=${x + 58} y=${line - 14} width=${badgeWidth} height="20" rx="6"></rect><text class="mode-word" x=${x + 58 + badgeWidth / 2} y=${line} text-anchor="middle">${badge}</text>
    ${x + w - left > 40 && rest ? words(rest, left, line, activity ? 'small' : 'mono') : nothing}
    ${tall ? words(x + w - left > 40 || !activity ? current : t(activity), x + 10, line + 24, 'mono quiet') : nothing}</g>`;
}
