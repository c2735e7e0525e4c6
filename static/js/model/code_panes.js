/**
 * The Code tab's two sides: the monitor's code and a guest's, each with the line that comes next in it. While one of them runs the other stands:
 * the guest at the RIP that its VMCS holds, the monitor at the host RIP, where the next VM exit will take it up.
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Scene} Scene
 * @typedef {'live' | 'returns' | 'waits' | 'begins'} Stand
 * @typedef {{id: 'vmm' | 'guest', vm: string, at: string, stand: Stand | '', live: boolean}} Side   `at`: a linear address, empty when there is none
 */
import { isZero } from './format.js';
import { focusVm, processorOf, runnerOf, vmcsOf } from './selectors.js';

/** A linear address: the offset and the base of its segment, 64 bits wide. @param {string | undefined} base @param {string} rip */
export function linear(base, rip) {
  return base && !isZero(base) ? BigInt.asUintN(64, BigInt(`0x${base}`) + BigInt(`0x${rip}`)).toString(16) : rip;
}

/** The monitor's side and, once there is a guest, that of the guest in focus. @param {State} state @returns {Side[]} */
export function sidesOf(state) {
  const scene = /** @type {Scene} */ (state.scene);
  const guest = guestSide(scene, focusVm(scene, state.outline));
  return [monitorSide(scene), ...(guest ? [guest] : [])];
}

/** @param {Scene} scene @returns {Side} */
function monitorSide(scene) {
  const processor = processorOf(scene);
  const side = { id: /** @type {const} */ ('vmm'), vm: '' };
  if (processor.mode !== 'non_root') return { ...side, at: linear(processor.registers.cs_base, processor.rip), stand: 'live', live: true };
  const host = scene.vmcs[processor.current_vmcs ?? '']?.fields.host_rip ?? '';
  return { ...side, at: isZero(host) ? '' : host, stand: 'returns', live: false };
}

/** @param {Scene} scene @param {string} vm @returns {Side | null} */
function guestSide(scene, vm) {
  const runner = runnerOf(scene, vm);
  const side = { id: /** @type {const} */ ('guest'), vm };
  if (runner) return { ...side, at: linear(runner.registers.cs_base, runner.rip), stand: 'live', live: true };
  const fields = vmcsOf(scene, vm)?.[1].fields;
  if (!fields?.guest_rip || (isZero(fields.guest_rip) && !scene.vms[vm]?.entries)) return null;
  return { ...side, at: linear(fields.guest_cs_base, fields.guest_rip), stand: scene.vms[vm]?.entries ? 'waits' : 'begins', live: false };
}

/** @type {WeakMap<object, Map<number, string>>} */
const owned = new WeakMap();

/**
 * Whose code each line of a listing is, by its number: "root" or a VM's name. A line without code goes with the next that has some. Empty when the
 * regions of the lesson do not say.
 * @param {import('../types').Listing} listing @param {import('../types').Region[]} regions
 */
export function ownersOf(listing, regions) {
  let owners = owned.get(listing);
  if (owners) return owners;
  owners = new Map();
  const ranges = regions.filter(({ first, end }) => first && end).map(({ where, first, end }) => ({ where, first: BigInt(`0x${first}`), end: BigInt(`0x${end}`) }));
  if (ranges.some(({ where }) => where !== 'root')) {
    let owner = 'root';
    for (const { n, address } of listing.lines.toReversed()) {
      if (address) owner = ranges.find(({ first, end }) => first <= BigInt(`0x${address}`) && BigInt(`0x${address}`) < end)?.where ?? 'root';
      owners.set(n, owner);
    }
  }
  owned.set(listing, owners);
  return owners;
}

/** Lines of a long listing that a side without regions of its own shows around its next one. */
const AROUND = 60;

/** The lines that a side shows. @template {{line: import('../types').Line}} T @param {T[]} lines @param {Side} side @param {Map<number, string>} owners @param {boolean} alone */
export function linesFor(lines, { id, vm, at }, owners, alone) {
  if (alone) return lines;
  if (owners.size) return lines.filter(({ line: { n } }) => owners.get(n) === (id === 'vmm' ? 'root' : vm));
  if (id === 'vmm') return lines;
  const here = lines.findIndex(({ line: { address } }) => address === at);
  return here < 0 ? [] : lines.slice(Math.max(0, here - AROUND), here + AROUND);
}

/** Lines of a block; `.code .later` in details.css is as high. */
const BLOCK = 16;

/**
 * The lines in blocks that are drawn one by one. `key` tells blocks of one side apart; `addresses` are those of the block's instructions.
 * @template {{line: import('../types').Line}} T @param {T[]} lines @returns {{key: string, lines: T[], addresses: Set<string>}[]}
 */
export function blocksOf(lines) {
  const blocks = [];
  for (let from = 0; from < lines.length; from += BLOCK) {
    const block = lines.slice(from, from + BLOCK);
    blocks.push({ key: `${block[0].line.n}-${block[block.length - 1].line.n}`, lines: block, addresses: new Set(block.flatMap(({ line: { bytes, address } }) => (bytes && address ? [address] : []))) });
  }
  return blocks;
}
