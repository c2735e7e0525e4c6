/**
 * The facts of the logical processor in the picture, and where each stands: one row, or two when the picture is narrow.
 * @typedef {{id: string, label: string, value: string, x: number, row: number}} Fact
 * @typedef {import('../types').Translate} Translate
 */
import { processorOf, vmOfVmcs } from './selectors.js';

const LABEL = 6.1;
const VALUE = 7.3;
const PRINTED = 8;             // characters of the console

/** The facts in order, in words. @param {import('../types').Scene} scene @param {Translate} t */
export function facts(scene, t) {
  const processor = processorOf(scene);
  const { feature_control: lock, outcome } = processor;
  const owner = vmOfVmcs(scene, processor.current_vmcs);
  const none = t('diagram.dash');
  return [
    ['cpl', 'CPL', String(processor.cpl)],
    ['rip', 'RIP', processor.rip],
    ['vmxe', 'CR4.VMXE', processor.vmxe ? '1' : '0'],
    ['lock', t('diagram.feature_control'), lock ? t(lock.locked ? (lock.vmxon ? 'diagram.fc.on' : 'diagram.fc.off') : 'diagram.fc.unlocked') : none],
    ['region', t('diagram.vmxon_region'), processor.vmxon_region ?? none],
    ['current', t('diagram.current_vmcs'), processor.current_vmcs ? `${processor.current_vmcs}${owner ? ` (${owner})` : ''}` : none],
    ['outcome', t('diagram.outcome'), outcome ? t(`outcome.${outcome.result}`, { error: outcome.error ?? '' }) : none],
    ['exits', t('diagram.exits'), String(processor.exits)],
    ...(scene.console ? [['console', t('diagram.console'), printed(scene.console)]] : []),
  ];
}

/** The last characters that were printed, of one line. @param {string} text */
function printed(text) {
  const line = text.trimEnd().replace(/\s+/g, ' ');
  return line.length > PRINTED ? `…${line.slice(1 - PRINTED)}` : line;
}

/** @param {string[][]} items @param {number} from  x of the first @param {number} to  x of the end @returns {Fact[]} */
export function placeFacts(items, from, to) {
  const widths = items.map(([id, label, value]) => Math.max(label.length * LABEL, Math.max(value.length, ROOM[id] ?? 1) * VALUE));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  const rows = whole + (items.length - 1) * 10 <= to - from ? [items] : [items.slice(0, 4), items.slice(4)];
  return rows.flatMap((row, index) => {
    const mine = row.map((item) => widths[items.indexOf(item)]);
    const gap = Math.max(6, Math.min(26, (to - from - mine.reduce((sum, width) => sum + width, 0)) / Math.max(1, row.length - 1)));
    let x = from;
    return row.map(([id, label, value], place) => {
      const fact = { id, label, value, x: Math.round(x), row: rows.length > 1 ? index + 1 : 0 };
      x += mine[place] + gap;
      return fact;
    });
  });
}
/** Characters that a value may need, so that the row does not shift from step to step. @type {Record<string, number>} */
const ROOM = { rip: 6, lock: 16, region: 6, current: 10, outcome: 13, exits: 2, console: PRINTED };
