/** The two sides of the Code tab. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { blocksOf, linear, linesFor, ownersOf, sidesOf } from '../../static/js/model/code_panes.js';
import { stateAt } from './fixture.js';

test('an address is the offset and the base of its segment', () => {
  assert.equal(linear('8000', '20'), '8020');
  assert.equal(linear(undefined, '20'), '20');
  assert.equal(linear('ffffffffffffffff', '2'), '1');
});

test('before there is a guest the monitor has the tab alone', () => {
  assert.deepEqual(sidesOf(stateAt('0')).map(({ id }) => id), ['vmm']);
});

test('while the guest runs, the monitor stands where a VM exit will take it up', () => {
  const state = stateAt('36');
  const [vmm, guest] = sidesOf(state);
  const vmcs = state.scene?.vmcs[state.scene.processors[0].current_vmcs ?? ''];
  assert.deepEqual([vmm.stand, vmm.at, vmm.live], ['returns', vmcs?.fields.host_rip, false]);
  assert.deepEqual([guest.stand, guest.at, guest.live], ['live', state.scene?.processors[0].rip, true]);
});

test('in root operation the guest stands where its VMCS says', () => {
  const state = stateAt('38');
  const [vmm, guest] = sidesOf(state);
  assert.deepEqual([vmm.stand, vmm.live, guest.stand, guest.live], ['live', true, 'waits', false]);
  assert.equal(guest.at, Object.values(state.scene?.vmcs ?? {}).find(({ vm }) => vm === guest.vm)?.fields.guest_rip);
  assert.equal(sidesOf(stateAt('34'))[1]?.stand, 'begins');
});

const lines = ['start:', '  vmlaunch', '; the guest', 'guest:', '  cpuid', '', '  vmcall', 'handler:', '  vmresume'];
const addresses = [undefined, '100', undefined, undefined, '200', undefined, '202', undefined, '300'];
const listing = { symbols: {}, lines: lines.map((text, n) => ({ n: n + 1, text, address: addresses[n] })) };
const regions = [{ id: 'vmm', name: {}, where: 'root', first: '100', end: '200' }, { id: 'kernel', name: {}, where: 'A', first: '200', end: '300' }];
const guest = { id: /** @type {const} */ ('guest'), vm: 'A', at: '200', stand: /** @type {const} */ ('waits'), live: false };
const numbers = (/** @type {any[]} */ shown) => shown.map(({ line }) => line.n);

test('regions say whose a line is; words above code go with it', () => {
  const owners = ownersOf(listing, regions);
  const all = listing.lines.map((line) => ({ line }));
  assert.deepEqual(numbers(linesFor(all, guest, owners, false)), [3, 4, 5, 6, 7]);
  assert.deepEqual(numbers(linesFor(all, { ...guest, id: 'vmm', vm: '' }, owners, false)), [1, 2, 8, 9]);
  assert.equal(linesFor(all, guest, owners, true).length, 9);
});

test('without regions the guest has the lines around where it stands, or none', () => {
  const all = Array.from({ length: 500 }, (_, n) => ({ line: { n, text: '', address: n.toString(16) } }));
  assert.equal(linesFor(all, { ...guest, at: '100' }, new Map(), false).length, 120);
  assert.equal(linesFor(all, { ...guest, at: 'ffff' }, new Map(), false).length, 0);
});

test('blocks hold every line once, in order, and know the addresses of their instructions', () => {
  const many = Array.from({ length: 40 }, (_, n) => ({ line: { n: n + 1, text: '', ...(n % 2 ? { address: String(n), bytes: '90' } : {}) } }));
  const blocks = blocksOf(many);
  assert.deepEqual(blocks.flatMap(({ lines: some }) => some), many);
  assert.deepEqual(blocks.map(({ key }) => key), ['1-16', '17-32', '33-40']);
  assert.deepEqual([...blocks[2].addresses], ['33', '35', '37', '39']);
});
