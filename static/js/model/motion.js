/**
 * Which motion shows the cause of a change: control's dot along the arrow of an entry or exit, values between processor and VMCS.
 * Pure: it turns two states and a layout into paths. A motion is decoration: the picture is already in its final state below it.
 * @typedef {import('../types').State} State
 * @typedef {import('./layout').Layout} Layout
 * @typedef {{x: number, y: number}} Point
 * @typedef {{label: string, from: Point, to: Point, delay: number}} Flight
 * @typedef {{path: Point[], flights: Flight[], length: number}} Motion   length in units of the dot's duration
 */
import { rootBoxes } from './layout.js';
import { fieldGroup, litArrow, processorOf, processorsOf, transitionOf, vmOfVmcs } from './selectors.js';
import { bitNames, fieldLabel } from './format.js';
import { carriedOf, eventName } from './events_in_vmcs.js';
import { compare } from './position.js';

const EXIT_WAY = [0, 0.2, 0.45, 0.65, 1, 1];
const ENTRY_WAY = [0, 0.12, 0.26, 0.4, 0.72, 0.88, 1];

/** Where control is: the place of the dot. @param {State} state @param {Layout} place @returns {Point} */
export function dotAt(state, place) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const processor = processorOf(scene);
  const transition = transitionOf(scene);
  const vm = place.vms.find(({ id }) => id === (transition?.vm ?? processor.vm));
  if (transition && vm) {
    const way = transition.of === 'exit' ? EXIT_WAY : ENTRY_WAY;
    return along(transition.of === 'exit' ? vm.exit : vm.entry, way[Math.min(transition.number, way.length - 1)], place);
  }
  if (processor.mode === 'non_root' && vm) return { x: vm.entry.x, y: vm.box.y + vm.box.h };
  const lit = litArrow(state);
  const from = lit?.fresh && lit.of === 'exit' ? place.vms.find(({ id }) => id === lit.vm) : null;
  if (from && !lit?.failed) return { x: from.exit.x, y: place.vmm.y };
  const known = (state.outline.regions ?? []).filter(({ where }) => where === 'root').map(({ id }) => id);
  const region = rootBoxes(place, scene.region, known).find(({ id }) => id === scene.region);
  return { x: region ? region.x + region.w / 2 : place.vmm.x + place.vmm.w / 2, y: place.vmm.y };
}

/** Room between two dots that stand side by side. */
const BESIDE = 30;

/** Where each of several processors is that did not act: in its VM, else at the monitor, beside those that are there already. @param {State} state @param {Layout} place
 * @returns {(Point & {number: string})[]} */
export function otherDots(state, place) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const all = processorsOf(scene);
  const taken = [dotAt(state, place)];
  return all.filter(({ acts }) => !acts).map(({ number, processor }) => {
    const vm = place.vms.find(({ id }) => processor.mode === 'non_root' && id === processor.vm);
    const at = vm ? { x: vm.entry.x, y: vm.box.y + vm.box.h } : freeAt(place.vmm, taken, all.length);
    taken.push(at);
    return { number, ...at };
  });
}

/** A place at the monitor's upper edge, as far right as there is one. @param {import('./layout').Box} vmm @param {Point[]} taken @param {number} most */
function freeAt({ x, y, w }, taken, most) {
  const step = Math.min(BESIDE, (w - 36) / (2 * most));
  for (let at = x + w - 18; at > x + 18; at -= step) if (taken.every((dot) => dot.y !== y || Math.abs(dot.x - at) >= BESIDE - 8)) return { x: at, y };
  return { x: x + 18, y };
}

/** @param {import('./layout').Arrow} arrow @param {number} part @param {Layout} place */
function along(arrow, part, place) {
  const down = arrow.to > arrow.from;
  const [start, end] = down ? [arrow.from - 4, place.vmm.y] : [place.vmm.y, arrow.to - 6];
  return { x: arrow.x, y: start + (end - start) * part };
}

/** Without a language: keys. */
const PLAIN = /** @type {import('../types').Translate} */ (Object.assign((/** @type {string} */ key) => key, { number: String }));

/** The motion from one state to the next, or null for a jump, a move back or a change without a place. @param {State} before @param {State} after @param {Layout} place @param {import('../types').Translate} [t] @returns {Motion | null} */
export function motionBetween(before, after, place, t = PLAIN) {
  if (!before.scene || !after.scene) return null;
  const whole = after.position.step === before.position.step + 1 && after.position.phase === 0;
  const part = after.position.step === before.position.step && after.position.phase === before.position.phase + 1;
  const [from, to] = [dotAt(before, place), dotAt(after, place)];
  const jump = after.position.phase === 0 && compare(after.position, before.position) > 0;
  if (!whole && !part && !jump) return null;
  const crossing = after.events.findLast(({ type }) => type === 'vm_exit' || type === 'vm_entry' || type === 'entry_failed');
  const inside = transitionOf(after.scene) ?? transitionOf(before.scene);
  const flights = flightsOf(after, place, crossing || inside, t);
  const vm = place.vms.find(({ id }) => id === crossing?.vm);
  if (jump && crossing && vm && crossing.type !== 'entry_failed') {
    const arrow = crossing.type === 'vm_exit' ? vm.exit : vm.entry;
    if (!whole) return { path: [along(arrow, 0, place), to], flights, length: 1 };
    return { path: [from, ...(from.x === arrow.x ? [] : [{ x: arrow.x, y: from.y }]), along(arrow, 1, place), to], flights, length: 1 };
  }
  if (!whole && !part) return null;
  if (from.x === to.x && from.y === to.y && !flights.length) return null;
  return { path: [from, to], flights, length: crossing || inside ? 0.7 : 0.35 };
}

/** @type {Record<string, {group: 'guest' | 'host' | 'controls' | 'exit', save: boolean}>} */
const PHASES = {
  'exit.reason': { group: 'exit', save: true }, 'exit.save_guest': { group: 'guest', save: true }, 'exit.load_host': { group: 'host', save: false },
  'entry.controls': { group: 'controls', save: false }, 'entry.host_state': { group: 'host', save: false }, 'entry.guest_state': { group: 'guest', save: false },
  'entry.load_guest': { group: 'guest', save: false },
};

/** Values that fly: each phase's group of the VMCS to or from the processor. @param {State} after @param {Layout} place @param {any} crossing @param {import('../types').Translate} t @returns {Flight[]} */
function flightsOf(after, place, crossing, t) {
  const scene = /** @type {import('../types').Scene} */ (after.scene);
  const phases = after.events.filter(({ type }) => type === 'phase');
  const shown = after.position.phase ? phases.slice(-1) : phases;
  const id = crossing?.vm ?? vmOfVmcs(scene, crossing?.vmcs);
  const vm = place.vms.find((candidate) => candidate.id === id);
  const own = scene.vmcs[crossing?.vmcs ?? ''] ?? Object.values(scene.vmcs).find((vmcs) => vmcs.vm === id);
  const cpu = place.processor ?? place.processors.find(({ id }) => id === String(scene.acting)) ?? place.vmm;
  const home = { x: cpu.x + cpu.w * 0.22, y: cpu.y + cpu.h / 2 };
  if (!vm?.cells || !own) return vmwriteFlight(after, place, home);
  const carried = carriedOf(after);
  return shown.flatMap((phase, order) => {
    const what = PHASES[`${phase.of}.${phase.name}`];
    if (!vm.cells) return [];
    const delay = order * 0.22;
    const events = eventFlights(carried, `${phase.of}.${phase.name}`, vm, t).map((flight) => ({ ...flight, delay: delay + flight.delay }));
    if (!what) return events;
    const cell = middle(vm.cells[what.group]);
    return [...events, ...labels(own, what.group).map((label, index) => ({ label, delay: delay + index * 0.09, from: what.save ? home : cell, to: what.save ? cell : home }))];
  });
}

/** @param {import('./layout').Box} box @returns {Point} */
function middle({ x, y, w, h }) {
  return { x: x + w / 2, y: y + h / 2 };
}

/**
 * Events that go between the VMCS and the guest: an injected one to the instruction that begins its handler, those that an exit stores from the guest.
 * @param {import('./events_in_vmcs').Carried[]} carried @param {string} phase @param {import('./layout').VmPlace} vm @param {import('../types').Translate} t @returns {Flight[]}
 */
function eventFlights(carried, phase, vm, t) {
  if (!vm.cells) return [];
  const guest = middle(vm.chip ?? vm.box);
  const [controls, exit] = [middle(vm.cells.controls), middle(vm.cells.exit)];
  const mine = carried.filter(({ kind }) => (kind === 'injected' ? phase === 'entry.inject' : phase === 'exit.reason'));
  return mine.map((event, index) => ({ label: eventName(event, t), delay: index * 0.12, from: event.kind === 'injected' ? controls : guest, to: event.kind === 'injected' ? guest : exit }));
}

/** VMREAD and VMWRITE carry one value. @param {State} after @param {Layout} place @param {Point} home @returns {Flight[]} */
function vmwriteFlight(after, place, home) {
  const event = after.events.findLast(({ type }) => type === 'vmcs_write' || type === 'vmcs_read');
  const scene = /** @type {import('../types').Scene} */ (after.scene);
  const vm = event && place.vms.find(({ id }) => id === vmOfVmcs(scene, event.vmcs));
  if (!event || !vm?.cells || processorOf(scene).mode !== 'root') return [];
  const box = vm.cells[/** @type {'guest'} */ (fieldGroup(event.field))];
  const cell = { x: box.x + box.w / 2, y: box.y + box.h / 2 };
  const save = event.type === 'vmcs_write';
  return [{ label: `${fieldLabel(event.field).replace(/^(guest|host) /, '')} ${event.new ?? event.value ?? ''}`.trim(), delay: 0, from: save ? home : cell, to: save ? cell : home }];
}

/** @type {Record<string, [string, string][]>} */
const CARRIED = {
  guest: [['guest_rip', 'RIP'], ['guest_rsp', 'RSP'], ['guest_rflags', 'RFLAGS']], host: [['host_rip', 'RIP'], ['host_rsp', 'RSP'], ['host_cr3', 'CR3']],
  exit: [['exit_reason', 'reason'], ['exit_instruction_length', 'length']], controls: [['primary_processor_based_controls', 'controls']],
};

/** @param {import('../types').Vmcs} vmcs @param {string} group */
function labels(vmcs, group) {
  return CARRIED[group].filter(([field]) => vmcs.fields[field] !== undefined).map(([field, label]) => {
    const value = vmcs.fields[field];
    if (field === 'exit_reason') return `${label} ${parseInt(value, 16) & 0xffff}`;
    return `${label} ${field === 'guest_rflags' ? bitNames('rflags', value) || value : value}`;
  });
}
