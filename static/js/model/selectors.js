/**
 * What the views show of a scene: pure questions to the store's state. A view never reads the wire format by itself.
 * @typedef {import('../types').Scene} Scene
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Outline} Outline
 * @typedef {import('../types').Vmcs} Vmcs
 */
import { instructionText } from './format.js';
import { compare } from './position.js';

/** The number of the logical processor of the picture: with several, the one that acted. @param {Scene} scene */
export function processorNumber(scene) {
  return scene.acting ?? 0;
}

/** The logical processor of the picture. @param {Scene} scene */
export function processorOf(scene) {
  return scene.processors[processorNumber(scene)] ?? Object.values(scene.processors)[0];
}

/** The processor whose memory and TLB are looked at. @param {Scene} scene @param {{processor: string}} look */
export function lookedAt(scene, { processor }) {
  return scene.processors[processor] ?? processorOf(scene);
}

/** The number of the processor that acted, where there are several. @param {Scene} scene */
export function actingOf(scene) {
  return Object.keys(scene.processors).length > 1 ? processorNumber(scene) : undefined;
}

/** The processors in order, with how each stands: `key` for the words of its activity, empty while it runs. @param {Scene} scene */
export function processorsOf(scene) {
  return Object.entries(scene.processors).map(([number, processor]) => ({ number, processor, acts: Number(number) === processorNumber(scene),
    activity: processor.activity === 'active' ? '' : `diagram.activity.${processor.activity}` }));
}

/** The processor on which a VM runs now. @param {Scene} scene @param {string} vm */
export function runnerOf(scene, vm) {
  return Object.values(scene.processors).find(({ mode, vm: of }) => mode === 'non_root' && of === vm);
}

/** The transition under way, at positions inside a step. @param {Scene} scene */
export function transitionOf(scene) {
  if (scene.exit) return { of: /** @type {const} */ ('exit'), ...pick(scene, scene.exit) };
  if (scene.entry) return { of: /** @type {const} */ ('entry'), ...pick(scene, scene.entry) };
  return null;
}

/** @param {Scene} scene @param {import('../types').Transition} transition */
function pick(scene, transition) {
  return { number: transition.phase, total: transition.of, vmcs: transition.vmcs, vm: vmOfVmcs(scene, transition.vmcs), reason: transition.reason, name: transition.name };
}

/** @param {Scene} scene @param {string | undefined} vmcs */
export function vmOfVmcs(scene, vmcs) {
  if (vmcs === undefined) return undefined;
  return scene.vmcs[vmcs]?.vm ?? Object.entries(scene.vms).find(([, vm]) => vm.vmcs === vmcs)?.[0];
}

/** The VMCS of a VM: [address, VMCS]. @param {Scene} scene @param {string} vm @returns {[string, Vmcs] | null} */
export function vmcsOf(scene, vm) {
  return Object.entries(scene.vmcs).find(([address, vmcs]) => vmcs.vm === vm || scene.vms[vm]?.vmcs === address) ?? null;
}

/** Addresses of the VMCSs in the order in which the program made them. @param {Scene} scene */
export function vmcsAddresses(scene) {
  return Object.entries(scene.vmcs).sort(([a, x], [b, y]) => (x.order ?? 0) - (y.order ?? 0) || (a < b ? -1 : 1)).map(([address]) => address);
}

/** Which VM the picture turns to: the one that runs, enters or leaves; else that of the current VMCS; else the first. @param {Scene} scene @param {Outline} outline */
export function focusVm(scene, outline) {
  const processor = processorOf(scene);
  return transitionOf(scene)?.vm ?? (processor.mode === 'non_root' ? processor.vm : undefined)
    ?? vmOfVmcs(scene, processor.current_vmcs) ?? outline.vms[0] ?? '';
}

/** The VMs of the picture in order: those of the lesson and any other the program made. @param {Scene} scene @param {Outline} outline */
export function vmNames(scene, outline) {
  return [...new Set([...outline.vms, ...Object.keys(scene.vms)])].slice(0, 6);
}

/** How a VM stands: `key` for the words, `tone` for the colour. @param {Scene} scene @param {string} vm */
export function vmStatus(scene, vm) {
  const it = scene.vms[vm];
  if (!it) return { key: 'vm.absent', tone: 'quiet' };
  if (it.state === 'crashed') return { key: 'vm.crashed', tone: 'exit' };
  if (it.state === 'running') return { key: 'vm.running', tone: 'entry' };
  if (it.state === 'stopped' || (it.last_exit && it.entries)) return { key: 'vm.stopped', tone: 'exit' };
  return { key: it.state === 'ready' ? 'vm.ready' : 'vm.created', tone: 'quiet' };
}

/** A VM entry that failed as an instruction: its reason is an error number, and control never left the monitor. @param {import('../types').Event} event */
export function refusedByInstruction({ type, reason }) {
  return type === 'entry_failed' && (reason & 0xffff) < 33;
}

/** The last crossing between root and non-root operation, to light its arrow. @param {State} state */
export function litArrow(state) {
  const scene = state.scene;
  if (!scene) return null;
  const under = transitionOf(scene);
  if (under) return { of: under.of, vm: under.vm ?? '', fresh: true, reason: under.reason, name: under.name };
  const crossing = state.events.findLast(({ type }) => type === 'vm_exit' || type === 'vm_entry' || type === 'entry_failed');
  if (crossing && refusedByInstruction(crossing)) return { of: /** @type {const} */ ('entry'), vm: String(crossing.vm ?? ''), fresh: true, failed: true };
  if (crossing && state.position.phase === 0) {
    return { of: crossing.type === 'vm_entry' ? /** @type {const} */ ('entry') : /** @type {const} */ ('exit'), vm: String(crossing.vm ?? ''), fresh: true,
      reason: crossing.reason, name: crossing.name ?? (crossing.type === 'entry_failed' ? 'ENTRY_FAILURE' : undefined), failed: crossing.type === 'entry_failed' };
  }
  const processor = processorOf(scene);
  if (processor.mode === 'non_root') return { of: /** @type {const} */ ('entry'), vm: processor.vm ?? '', fresh: false };
  if (processor.mode !== 'root') return null;
  const last = Object.entries(scene.vms).filter(([, vm]) => vm.last_exit)
    .sort(([, a], [, b]) => (b.last_exit?.step ?? 0) - (a.last_exit?.step ?? 0))[0];
  return last ? { of: /** @type {const} */ ('exit'), vm: last[0], fresh: false, reason: last[1].last_exit?.reason, name: last[1].last_exit?.name } : null;
}

/** The group of a VMCS field as the picture has it: guest, host, controls or exit. @param {string} field */
export function fieldGroup(field) {
  if (field.startsWith('guest_') && !/^guest_(physical_address|linear_address|deadline_shadow)$/.test(field)) return 'guest';
  if (field.startsWith('host_')) return 'host';
  if (EXIT_FIELDS.test(field)) return 'exit';
  return field === 'vmcs_link_pointer' || field === 'vmx_preemption_timer_value' || /^pml_index$/.test(field) ? 'guest' : 'controls';
}
const EXIT_FIELDS = /^(vm_instruction_error|exit_(reason|qualification|interruption_\w+|instruction_(length|info))|idt_vectoring_\w+|guest_(physical|linear)_address|io_r\w+|msr_data|original_event_data)$/;

/** Which groups of a VMCS the last step (or the phases so far) changed. @param {Vmcs} vmcs */
export function changedGroups(vmcs) {
  return new Set(Object.keys(vmcs.changed ?? {}).map(fieldGroup));
}

/** The stop at exactly this position, or null. @param {State} state */
export function stopHere({ outline, position }) {
  return outline.stops.find(({ step, phase }) => step === position.step && phase === position.phase) ?? null;
}

/** The stops and questions before and after the position. @param {State} state */
export function stopsAround({ outline, position }) {
  const places = [...outline.stops, ...(outline.questions ?? [])].sort(compare);
  const before = (/** @type {{step: number, phase: number}} */ a) => a.step < position.step || (a.step === position.step && a.phase < position.phase);
  const after = (/** @type {{step: number, phase: number}} */ a) => a.step > position.step || (a.step === position.step && a.phase > position.phase);
  return { previous: places.filter(before).at(-1) ?? null, next: places.find(after) ?? null };
}

/** What the instruction chip says in a VM: the next instruction when it runs, else the one it left at. @param {State} state @param {string} vm */
export function chipOf(state, vm) {
  const scene = /** @type {Scene} */ (state.scene);
  const runner = runnerOf(scene, vm);
  const transition = transitionOf(scene);
  if (runner && transition?.vm !== vm) {
    const text = runner.next ? instructionText(runner.next.text) : sourceAt(state.listing, runner.rip) ?? '';
    return { address: runner.next?.address ?? runner.rip, text, live: true, ring: runner.cpl };
  }
  const last = scene.vms[vm]?.last_exit;
  const leaving = transition?.of === 'exit' && transition.vm === vm;
  const rip = leaving ? state.outline.exits.find(({ step, vm: of }) => step === state.position.step + 1 && of === vm)?.rip ?? last?.rip : last?.rip;
  if (rip === undefined) return null;
  return { address: rip, text: sourceAt(state.listing, rip) ?? '', live: false, ring: savedRing(vmcsOf(scene, vm)?.[1]) };
}

/** The privilege level that a VM exit saved: the DPL of SS. @param {Vmcs | undefined} vmcs */
function savedRing(vmcs) {
  const rights = vmcs?.fields.guest_ss_access_rights;
  return rights === undefined ? 0 : (parseInt(rights, 16) >> 5) & 3;
}

/** The source text at an address, without label and comment. @param {import('../types').Listing} listing @param {string} address */
export function sourceAt(listing, address) {
  const line = listing.lines.find((candidate) => candidate.address === address);
  return line?.text.replace(/;.*$/, '').replace(/^\s*[\w.$@]+:\s*/, '').trim().replace(/\s+/g, ' ') || undefined;
}
