/** Which bit of which bitmap decides about an access, and what a page of a bitmap or an MSR area holds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bitAt, entriesOf, pieceAround, questionOf, runsOf, tablesOf } from '../../static/js/model/bitmaps.js';
import { stateAt } from './fixture.js';

const CONTROLS = { primary_processor_based_controls: ((2 ** 31) + (2 ** 25) + (2 ** 28)).toString(16), secondary_processor_based_controls: (1 << 14).toString(16),
  io_bitmap_a_address: '5000', io_bitmap_b_address: '6000', msr_bitmap_address: '7000', vmread_bitmap_address: '8000', vmwrite_bitmap_address: '9000',
  entry_msr_load_address: 'a000', entry_msr_load_count: '2', exit_msr_store_count: '0' };

/** VM A at a position, with these fields and events. @param {string} at @param {object[]} events @param {Record<string, string>} [fields] @param {Record<string, string>} [registers] */
function given(at, events, fields = {}, registers = {}) {
  const state = structuredClone(stateAt(at));
  const scene = /** @type {import('../../static/js/types').Scene} */ (state.scene);
  const address = /** @type {string} */ (scene.processors[0].current_vmcs);
  Object.assign(scene.vmcs[address].fields, CONTROLS, fields);
  Object.assign(scene.processors[0].registers, registers);
  state.events = /** @type {any[]} */ (events.map((event) => (/** @type {any} */ (event).type === 'vm_exit' ? { vmcs: address, vm: 'A', ...event } : event)));
  return { state, address };
}

test('the controls say which tables a VMCS has', () => {
  const { state, address } = given('37', []);
  const tables = tablesOf(state.scene?.vmcs[address]);
  assert.deepEqual(tables.map(({ kind }) => kind), ['io', 'msr', 'vmread', 'vmwrite', 'areas']);
  assert.deepEqual(tables[1].parts.map(({ address: at }) => at), ['7000', '7400', '7800', '7c00']);
  assert.deepEqual(tables[4].parts.map(({ id, length }) => [id, length]), [['entry_msr_load', 32]]);
  assert.deepEqual(tablesOf(stateAt('37').scene?.vmcs[address]).filter(({ kind }) => kind !== 'areas'), []);
});

test('an I/O exit asks for the bits of its ports', () => {
  const of = (/** @type {number} */ port, /** @type {number} */ size) => questionOf(given('37', [{ type: 'vm_exit', reason: 30, qualification: (port * 65536 + size - 1).toString(16) }]).state);
  assert.deepEqual([of(0x60, 2)?.part, of(0x60, 2)?.numbers, of(0x60, 2)?.exits], ['a', [0x60, 0x61], true]);
  assert.equal(of(0x8900, 1)?.part, 'b');
  assert.equal(of(0xffff, 2)?.part, '');
});

test('an MSR exit asks for the bit of RCX, in the part of its access; others have no bit', () => {
  const of = (/** @type {number} */ reason, /** @type {string} */ rcx) => questionOf(given('37', [{ type: 'vm_exit', reason, qualification: '0' }], {}, { rcx }).state);
  assert.deepEqual([of(31, 'ffffffff00000174')?.part, of(31, '174')?.numbers], ['read_low', [0x174]]);
  assert.equal(of(32, 'c0000080')?.part, 'write_high');
  assert.equal(of(32, '40000000')?.part, '');
});

test('a VMREAD that exits names its field by a register', () => {
  const asked = questionOf(given('37', [{ type: 'vm_exit', reason: 23, qualification: '0' }], { exit_instruction_info: '20000000' }, { rdx: '681e' }).state);
  assert.deepEqual([asked?.kind, asked?.part, asked?.numbers], ['vmread', 'fields', [0x681e]]);
});

test('an access of the guest that passed has its bit too; one of the monitor has none', () => {
  const port = [{ type: 'instruction', text: 'out' }, { type: 'port', direction: 'out', port: 0xe9, size: 1, value: '41' }];
  const passed = questionOf(given('36', port).state);
  assert.deepEqual([passed?.kind, passed?.numbers, passed?.exits], ['io', [0xe9], false]);
  assert.equal(questionOf(given('38', port).state), null);
  assert.equal(questionOf(given('36', [{ type: 'msr', index: '10', access: 'read', value: '0' }, { type: 'vm_entry', vm: 'A' }]).state), null);
});

test('an entry that fails while it loads MSRs names the entry of the area', () => {
  const { state, address } = given('37', [], { exit_qualification: '2' });
  state.events = [{ type: 'entry_failed', reason: 0x80000022, vmcs: address, check: 'msr_load.bases' }];
  assert.deepEqual([questionOf(state)?.kind, questionOf(state)?.numbers], ['areas', [1]]);
});

test('runs of bits, a bit, and the rows around a number', () => {
  const bytes = '00'.repeat(12) + 'fe01' + '00'.repeat(4082);
  assert.deepEqual(runsOf(bytes, 0x8000), [[0x8061, 0x8068]]);
  assert.ok(bitAt(bytes, 0x61) && !bitAt(bytes, 0x60));
  const rows = pieceAround(bytes, 0x8000, 0x8061);
  assert.deepEqual([rows.length, rows[0].first, rows[6].bits[1]], [8, 0x8000, true]);
  assert.equal(pieceAround(bytes, 0x8000, 0xffff).at(-1)?.first, 0xfff0);
});

test('an entry of an MSR area is index, reserved bits and value', () => {
  assert.deepEqual(entriesOf('820000c00000000000001100000000000102030400000000ff00000000000000'.slice(0, 64)), [
    { index: 'c0000082', reserved: '0', value: '110000' }, { index: '4030201', reserved: '0', value: 'ff' }]);
});
