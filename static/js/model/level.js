/**
 * How close the picture is: who has control, the phases of a VM entry or exit, one instruction. What the learner has not chosen follows the step: the
 * overview, with the phases of a crossing in the story beside it.
 * @typedef {'auto' | 'overview' | 'phases' | 'instruction'} Level
 * @typedef {import('../types').State} State
 * @typedef {{of: 'entry' | 'exit', step: number, done: number, vmcs: string, vm: string, reason?: number, name?: string, phases: Phase[]}} Crossing   `step`: the step that it is
 * @typedef {{name: string, number: number, standing: 'done' | 'here' | 'ahead' | 'failed', way: 'save' | 'load' | 'check' | '', moved: Moved[], count?: number}} Phase
 * @typedef {{field: string, value: string, old?: string}} Moved
 */
import { carriedOf } from './events_in_vmcs.js';
import { fieldGroup, processorOf, transitionOf, vmOfVmcs } from './selectors.js';
import { importance } from './vmcs_table.js';

/** @type {Level[]} */
export const LEVELS = ['auto', 'overview', 'phases', 'instruction'];

/** A level by its name in an address or a setting. @param {string | null} name @returns {Level | null} */
export function levelNamed(name) {
  return LEVELS.find((level) => level === name) ?? null;
}

/** The next level for a key: from the overview first to the one that the step is. @param {State} state @returns {Level} */
export function nextLevel(state) {
  /** @type {Level[]} */
  const closer = crosses(state) ? ['phases', 'instruction'] : ['instruction', 'phases'];
  const ways = /** @type {Level[]} */ (['overview', ...closer]);
  return ways[(ways.indexOf(state.level === 'auto' ? 'overview' : state.level) + 1) % ways.length];
}

/** Whether the position is inside a VM entry or exit, or just behind one. @param {State} state */
function crosses({ position, events }) {
  return position.phase > 0 || events.some(({ type }) => type === 'phase');
}

/** Phases that move nothing or a list; the others a group of fields. @type {Record<string, {way: Phase['way'], group?: string, count?: string}>} */
const DOES = {
  'exit.reason': { way: 'save', group: 'exit' }, 'exit.save_guest': { way: 'save', group: 'guest' }, 'exit.store_msrs': { way: '', count: 'exit_msr_store_count' },
  'exit.load_host': { way: 'load', group: 'host' }, 'exit.load_msrs': { way: '', count: 'exit_msr_load_count' },
  'entry.controls': { way: 'check' }, 'entry.host_state': { way: 'check' }, 'entry.guest_state': { way: 'check' }, 'entry.load_guest': { way: 'load', group: 'guest' },
  'entry.load_msrs': { way: '', count: 'entry_msr_load_count' }, 'entry.load_host': { way: 'load', group: 'host' }, 'entry.inject': { way: 'load' },
};
const CHECKS = ['controls', 'host_state', 'guest_state', 'load_msrs'];
/** Fields that a phase shows. */
const MOST = 5;

/** The VM entry or exit that the position is in, has just been through, or comes next; null when it is an instruction alone. @param {State} state @returns {Crossing | null} */
export function crossingAt(state) {
  const { position, outline, events, scene } = state;
  if (!scene) return null;
  const inside = outline.phased?.[position.step];
  const behind = position.phase ? undefined : outline.phased?.[position.step - 1];
  const found = position.phase ? inside : behind ?? inside;
  if (!found) return null;
  const under = transitionOf(scene);
  const crossing = events.findLast(({ type }) => type === 'vm_exit' || type === 'vm_entry' || type === 'entry_failed');
  const past = Boolean(position.phase || behind);
  const done = position.phase || (behind ? found.names.length : 0);
  const of = /** @type {'entry' | 'exit'} */ (found.of);
  const vmcs = (past ? under?.vmcs ?? crossing?.vmcs : undefined) ?? processorOf(scene).current_vmcs ?? '';
  const failed = past && events.some(({ type }) => type === 'entry_failed') ? found.names.slice(0, found.names.includes('load_host') ? found.names.indexOf('load_host') : undefined).findLast((name) => CHECKS.includes(name)) : undefined;
  const phases = found.names.map((name, n) => {
    const { way, group, count } = DOES[`${of}.${name}`] ?? { way: /** @type {const} */ ('') };
    const standing = name === failed && n === found.names.indexOf(name) && n < done ? 'failed' : n + 1 < done || (n + 1 === done && !position.phase) ? 'done' : n + 1 === done ? 'here' : 'ahead';
    return { name, number: n + 1, standing: /** @type {Phase['standing']} */ (standing), way, moved: n < done && group ? moved(scene, vmcs, group, way) : [],
      ...(count ? { count: parseInt(scene.vmcs[vmcs]?.fields[count] || '0', 16) } : {}), ...(name === 'inject' ? { count: n < done ? carriedOf(state).filter(({ kind }) => kind === 'injected').length : 0 } : {}) };
  });
  return { of, step: position.phase || !behind ? position.step : position.step - 1, done, vmcs, vm: vmOfVmcs(scene, vmcs) ?? '', reason: past ? crossing?.reason ?? under?.reason : undefined,
    name: past ? crossing?.name ?? under?.name : undefined, phases };
}

/** The fields that go: those that a save changed, those that a load takes. @param {import('../types').Scene} scene @param {string} vmcs @param {string} group @param {string} way @returns {Moved[]} */
function moved(scene, vmcs, group, way) {
  const it = scene.vmcs[vmcs];
  if (!it) return [];
  const names = (way === 'save' ? Object.keys(it.changed ?? {}) : Object.keys(it.fields).filter((field) => !/^0*$/.test(it.fields[field])))
    .filter((field) => fieldGroup(field) === group && it.fields[field] !== undefined).sort((a, b) => importance(a) - importance(b));
  return names.slice(0, MOST).map((field) => ({ field, value: it.fields[field], ...(way === 'save' ? { old: it.changed[field] } : {}) }));
}
