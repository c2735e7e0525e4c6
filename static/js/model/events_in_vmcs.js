/**
 * Events that travel through a VMCS: the one that a VM entry injects into the guest, and those that a VM exit stores (what caused it, and what was being
 * delivered when it came). From the interruption-information fields (SDM volume 3, "VM-Entry Controls for Event Injection"; "Information for VM Exits
 * Due to Vectored Events").
 * @typedef {import('../types').State} State
 * @typedef {{kind: 'injected' | 'caused' | 'vectoring', vmcs: string, vm: string, vector: number, type: number, handler: string}} Carried   `handler`: linear address, of an injected event
 */
import { linear } from './code_panes.js';
import { vectorName } from './format.js';
import { processorOf, vmOfVmcs } from './selectors.js';

/** An event that has no handler: a monitor-trap-flag VM exit made pending. */
const OTHER = 7;

/** @param {string | undefined} info  interruption information @returns {{vector: number, type: number} | null} */
function valid(info) {
  const value = parseInt(info || '0', 16);
  return value >>> 31 ? { vector: value & 0xff, type: (value >> 8) & 7 } : null;
}

/** What this position carries, in the order in which it happened. @param {State} state @returns {Carried[]} */
export function carriedOf(state) {
  const { scene, events } = state;
  if (!scene) return [];
  const processor = processorOf(scene);
  const phases = events.filter(({ type }) => type === 'phase').map(({ of, name }) => `${of}.${name}`);
  const entry = events.findLast(({ type }) => type === 'vm_entry');
  const exit = events.findLast(({ type }) => type === 'vm_exit');
  /** @param {Carried['kind']} kind @param {string} vmcs @param {string} field @returns {Carried[]} */
  const carried = (kind, vmcs, field) => {
    const found = valid(scene.vmcs[vmcs]?.fields[field]);
    const vm = vmOfVmcs(scene, vmcs);
    return found && vm ? [{ kind, vmcs, vm, ...found, handler: kind === 'injected' && found.type !== OTHER ? linear(processor.registers.cs_base, processor.rip) : '' }] : [];
  };
  const left = exit?.vmcs ?? scene.exit?.vmcs;
  return [
    ...(entry && !exit && phases.includes('entry.inject') && processor.mode === 'non_root' ? carried('injected', entry.vmcs, 'entry_interruption_info') : []),
    ...(left && phases.includes('exit.reason') ? [...carried('caused', left, 'exit_interruption_info'), ...carried('vectoring', left, 'idt_vectoring_info')] : []),
  ];
}

/** "external interrupt 33", "#UD". @param {Pick<Carried, 'vector' | 'type'>} event @param {import('../types').Translate} t */
export function eventName({ vector, type }, t) {
  const exception = type === 3 || type === 5 || type === 6;
  return exception ? vectorName(vector) : type === 2 || type === OTHER ? t(`carried.type.${type}`) : `${t(`carried.type.${type}`)} ${vector}`;
}

/** What each carried event does, in a clause. @param {State} state @param {import('../types').Translate} t */
export function carriedWords(state, t) {
  return carriedOf(state).map((event) => t(`carried.${event.kind}${event.kind === 'injected' && !event.handler ? '_pending' : ''}`,
    { event: eventName(event, t), vm: event.vm, vector: event.vector, type: t(`carried.type.${event.type}`), rip: event.handler }));
}
