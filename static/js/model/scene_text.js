/**
 * The whole scene as text: everything that the picture shows, in the order in which one reads it. For those who cannot see it, and for a file.
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Translate} Translate
 */
import { fieldLabel, fieldValue, registerLabel } from './format.js';
import { modeWords } from './guest_mode.js';
import { formatPosition } from './position.js';
import { reasonName, tellings, whatHappened, whoHasControl } from './sentences.js';
import { chipOf, vmcsAddresses, vmNames, vmStatus } from './selectors.js';
import { importance } from './vmcs_table.js';

/** Fields of a VMCS that are told; the VMCS tab has all. */
const TOLD = 8;

/** Headings and lines. @param {State} state @param {Translate} t @returns {{title: string, lines: string[], about?: string}[]} */
export function sceneParts(state, t) {
  const { scene, position, length } = state;
  if (!scene) return [];
  const sentence = (/** @type {string} */ clause) => `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${/[.!?]$/.test(clause) ? '' : '.'}`;
  const happened = tellings(state, t).map(({ text }) => sentence(text));
  return [
    { title: t('transport.position', { step: formatPosition(position), length }), lines: [sentence(whoHasControl(scene, t)), ...(happened.length ? happened : [sentence(whatHappened(state, t))])] },
    ...vmNames(scene, state.outline).map((vm) => ({ title: t('diagram.vm', { vm }), about: 'term.virtual_machine', lines: vmLines(state, vm, t) })),
    ...vmcsAddresses(scene).map((address) => ({ title: `${t('diagram.vmcs', { vm: scene.vmcs[address].vm ?? '?' })} @${address}`, about: 'term.vmcs', lines: vmcsLines(scene.vmcs[address], t) })),
    ...Object.entries(scene.processors).map(([number, processor]) => ({ title: t('diagram.processor', { number }), about: 'term.logical_processor', lines: processorLines(processor, t) })),
    ...(scene.console ? [{ title: t('diagram.console'), lines: [scene.console] }] : []),
  ];
}

/** @param {State} state @param {Translate} t */
export function sceneText(state, t) {
  return `${sceneParts(state, t).map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n')}\n`;
}

/** @param {State} state @param {string} vm @param {Translate} t */
function vmLines(state, vm, t) {
  const fact = state.scene?.vms[vm];
  const chip = fact && chipOf(state, vm);
  return [t(vmStatus(/** @type {import('../types').Scene} */ (state.scene), vm).key),
    ...(fact?.guest ? [modeWords(fact.guest, t)] : []),
    ...(fact ? [fact.exits ? t('diagram.summary', { count: fact.exits, name: reasonName(t, fact.last_exit?.reason, fact.last_exit?.name) }) : t('diagram.summary_none')] : []),
    ...(chip ? [`${t(chip.live ? 'code.next' : 'code.waits', { vm })}: ${chip.address} ${chip.text}`] : [])];
}

/** @param {import('../types').Vmcs} vmcs @param {Translate} t */
function vmcsLines(vmcs, t) {
  const status = [vmcs.current ? 'vmcs.current' : vmcs.active ? 'vmcs.active' : 'vmcs.inactive', `vmcs.${vmcs.launch}`].map((key) => t(key)).join(', ');
  const changed = vmcs.changed ?? {};
  const names = [...Object.keys(changed), ...Object.keys(vmcs.fields).filter((name) => !(name in changed) && importance(name) < 100).sort((a, b) => importance(a) - importance(b))]
    .filter((name) => vmcs.fields[name] !== undefined).slice(0, Math.max(TOLD, Object.keys(changed).length));
  return [status, ...names.map((name) => `${fieldLabel(name)} ${fieldValue(name, vmcs.fields[name])}${name in changed ? ` (${t('vmcs.was', { old: fieldValue(name, changed[name]) })})` : ''}`)];
}

/** @param {import('../types').Processor} processor @param {Translate} t */
function processorLines(processor, t) {
  const { registers, changed = {} } = processor;
  const facts = [t(`diagram.mode.${processor.mode}`), `CPL ${processor.cpl}`, `RIP ${processor.rip}`];
  const told = Object.keys(changed).filter((name) => name !== 'rip' && name !== 'tsc' && registers[name] !== undefined);
  return [facts.join(', '), ...told.map((name) => `${registerLabel(name)} ${registers[name]} (${t('vmcs.was', { old: changed[name] })})`)];
}
