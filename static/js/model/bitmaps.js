/**
 * The bitmaps and MSR areas of a VMCS: where they lie, which bit decided about an access, and what a page of them holds. The machine decides; here is
 * only which of its bits to show (SDM volume 3, "I/O-Bitmap Addresses", "MSR-Bitmap Address", "VMCS Shadowing Bitmap Addresses").
 * @typedef {'io' | 'msr' | 'vmread' | 'vmwrite' | 'areas'} Kind
 * @typedef {{id: string, address: string, length: number, first: number}} Part   `first`: the number that bit 0 stands for
 * @typedef {{kind: Kind, parts: Part[]}} Table
 * @typedef {{kind: Kind, vmcs: string, exits: boolean, part: string, numbers: number[], field?: string}} Question   `part` empty: no bit decides, it always exits
 */
import { focusVm, processorOf, vmcsOf } from './selectors.js';

const HIGH_MSRS = 0xc0000000;
const PAGE = 4096;
/** Bytes of an entry of an MSR area: index, 32 reserved bits, value. */
export const ENTRY = 16;
const GPRS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const AREAS = /** @type {const} */ (['exit_msr_store', 'exit_msr_load', 'entry_msr_load']);

/** @param {string | undefined} hex @param {number} place */
const bit = (hex, place) => ((parseInt(hex || '0', 16) >>> place) & 1) === 1;

/** What a VMCS uses of them, in the order of the manual. @param {import('../types').Vmcs | undefined} vmcs @returns {Table[]} */
export function tablesOf(vmcs) {
  if (!vmcs) return [];
  const { fields } = vmcs;
  const primary = fields.primary_processor_based_controls;
  const shadowing = bit(primary, 31) && bit(fields.secondary_processor_based_controls, 14);
  const page = (/** @type {string} */ id, /** @type {string} */ field, first = 0) => ({ id, address: fields[field], length: PAGE, first });
  const quarter = (/** @type {string} */ id, /** @type {number} */ n, first = 0) => ({ id, first, length: 1024, address: (BigInt(`0x${fields.msr_bitmap_address}`) + BigInt(1024 * n)).toString(16) });
  const areas = AREAS.map((id) => ({ id, address: fields[`${id}_address`], length: ENTRY * Math.min(256, parseInt(fields[`${id}_count`] || '0', 16)), first: 0 })).filter(({ length }) => length);
  /** @type {[Kind, boolean, () => Part[]][]} */
  const all = [
    ['io', bit(primary, 25), () => [page('a', 'io_bitmap_a_address'), page('b', 'io_bitmap_b_address', 0x8000)]],
    ['msr', bit(primary, 28), () => [quarter('read_low', 0), quarter('read_high', 1, HIGH_MSRS), quarter('write_low', 2), quarter('write_high', 3, HIGH_MSRS)]],
    ['vmread', shadowing, () => [page('fields', 'vmread_bitmap_address')]],
    ['vmwrite', shadowing, () => [page('fields', 'vmwrite_bitmap_address')]],
    ['areas', areas.length > 0, () => areas]];
  return all.filter(([, used]) => used).map(([kind, , parts]) => ({ kind, parts: parts() }));
}

/** The VMCS whose tables the learner looks at: that of the access in question, else that of the VM in focus. @param {import('../types').State} state */
export function tableVmcs(state) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  return questionOf(state)?.vmcs ?? vmcsOf(scene, focusVm(scene, state.outline))?.[0] ?? '';
}

/** The tables that there are to look at here, and which one is shown: empty for the translation of an address. @param {import('../types').State} state @returns {{kinds: Kind[], kind: Kind | ''}} */
export function kindsAt(state) {
  const kinds = tablesOf(state.scene?.vmcs[tableVmcs(state)]).map(({ kind }) => kind);
  return { kinds, kind: kinds.find((known) => known === state.look.kind) ?? '' };
}

/** Which bit decided about what the guest has just done, or which entry of an area an entry failed on; null when none did. @param {import('../types').State} state @returns {Question | null} */
export function questionOf({ events, scene }) {
  if (!scene) return null;
  const failed = events.findLast(({ type }) => type === 'entry_failed');
  if (failed && (failed.reason & 0xffff) === 34) {
    const entry = parseInt(scene.vmcs[failed.vmcs]?.fields.exit_qualification ?? '0', 16);
    return { kind: 'areas', vmcs: failed.vmcs, exits: true, part: 'entry_msr_load', numbers: [entry - 1] };
  }
  const exit = events.findLast(({ type }) => type === 'vm_exit');
  const vmcs = exit?.vmcs ?? processorOf(scene).current_vmcs;
  const uses = (/** @type {Kind} */ kind) => tablesOf(scene.vmcs[vmcs]).some((table) => table.kind === kind);
  const asked = exit ? ofExit(exit, scene) : ofAccess(events, scene);
  return asked && uses(asked.kind) ? { ...asked, vmcs, exits: Boolean(exit) } : null;
}

/** @typedef {Pick<Question, 'kind' | 'part' | 'numbers' | 'field'>} Asked */

/** @param {import('../types').Event} exit @param {import('../types').Scene} scene @returns {Asked | null} */
function ofExit(exit, scene) {
  const { registers } = processorOf(scene);
  const fields = scene.vmcs[exit.vmcs]?.fields ?? {};
  switch (exit.reason & 0xffff) {
    case 30: {
      const qualification = parseInt(exit.qualification, 16);
      return ofPorts((qualification >>> 16) & 0xffff, (qualification & 7) + 1);
    }
    case 31: case 32: return ofMsr(Number(BigInt(`0x${registers.rcx}`) & 0xffffffffn), (exit.reason & 0xffff) === 32);
    case 23: case 25: {
      const register = GPRS[parseInt(fields.exit_instruction_info || '0', 16) >>> 28];
      const encoding = Number(BigInt(`0x${register === 'rsp' ? fields.guest_rsp : registers[register]}`) & 0xffffffffn);
      return { kind: (exit.reason & 0xffff) === 23 ? 'vmread' : 'vmwrite', part: encoding >>> 15 ? '' : 'fields', numbers: [encoding] };
    }
    default: return null;
  }
}

/** An access of a running guest that passed. @param {import('../types').Event[]} events @param {import('../types').Scene} scene @returns {Asked | null} */
function ofAccess(events, scene) {
  if (processorOf(scene).mode !== 'non_root' || events.some(({ type }) => type === 'vm_entry')) return null;
  const event = events.findLast(({ type }) => ['port', 'msr', 'vmcs_read', 'vmcs_write'].includes(type));
  switch (event?.type) {
    case 'port': return ofPorts(event.port, event.size);
    case 'msr': return ofMsr(parseInt(event.index, 16), event.access === 'write');
    case 'vmcs_read': return { kind: 'vmread', part: 'fields', numbers: [], field: event.field };
    case 'vmcs_write': return { kind: 'vmwrite', part: 'fields', numbers: [], field: event.field };
    default: return null;
  }
}

/** @param {number} port @param {number} size @returns {Asked} */
function ofPorts(port, size) {
  const numbers = Array.from({ length: size }, (_, n) => port + n);
  return { kind: 'io', part: port + size > 0x10000 ? '' : port & 0x8000 ? 'b' : 'a', numbers };
}

/** @param {number} index @param {boolean} write @returns {Asked} */
function ofMsr(index, write) {
  const range = index < 0x2000 ? 'low' : index >= HIGH_MSRS && index < HIGH_MSRS + 0x2000 ? 'high' : '';
  return { kind: 'msr', part: range && `${write ? 'write' : 'read'}_${range}`, numbers: [index] };
}

/** A bit of bytes as they travel. @param {string} bytes @param {number} index */
export function bitAt(bytes, index) {
  return ((parseInt(bytes.slice((index >> 3) * 2, (index >> 3) * 2 + 2) || '0', 16) >> (index & 7)) & 1) === 1;
}

/** The runs of bits that are 1, as numbers from `first`. @param {string} bytes @param {number} first @returns {[number, number][]} */
export function runsOf(bytes, first) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let index = 0; index < bytes.length * 4; index += 1) {
    if (!(index & 7) && bytes.startsWith('00', index / 4)) {
      index += 7;
    } else if (bitAt(bytes, index)) {
      const last = runs.at(-1);
      if (last && last[1] === first + index - 1) last[1] += 1;
      else runs.push([first + index, first + index]);
    }
  }
  return runs;
}

const ACROSS = 16;
const DOWN = 8;

/** The piece of a bitmap around a number: rows of 16 bits. @param {string} bytes @param {number} first @param {number} around */
export function pieceAround(bytes, first, around) {
  const span = ACROSS * DOWN;
  const bits = bytes.length * 4;
  const from = Math.max(0, Math.min(Math.floor((around - first) / span) * span, bits - span));
  return Array.from({ length: Math.min(DOWN, bits / ACROSS) }, (_, row) => ({ first: first + from + row * ACROSS,
    bits: Array.from({ length: ACROSS }, (_unused, n) => bitAt(bytes, from + row * ACROSS + n)) }));
}

/** The entries of an MSR area. @param {string} bytes */
export function entriesOf(bytes) {
  const little = (/** @type {string} */ some) => (some.match(/../g) ?? []).reverse().join('').replace(/^0+(?=.)/, '');
  return (bytes.match(/.{32}/g) ?? []).map((entry) => ({ index: little(entry.slice(0, 8)), reserved: little(entry.slice(8, 16)), value: little(entry.slice(16)) }));
}
