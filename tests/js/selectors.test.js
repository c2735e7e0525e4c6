/** Selectors: what the picture shows of a scene. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chipOf, fieldGroup, focusVm, litArrow, stopHere, transitionOf, vmcsAddresses, vmStatus } from '../../static/js/model/selectors.js';
import { vmcsTable } from '../../static/js/model/vmcs_table.js';
import { placeFacts, facts } from '../../static/js/model/processor_row.js';
import { symbolsByAddress } from '../../static/js/model/format.js';
import { causes } from '../../static/js/model/sentences.js';
import { stateAt, t, table } from './fixture.js';

const sceneAt = (/** @type {string} */ at) => /** @type {import('../../static/js/types').Scene} */ (stateAt(at).scene);

test('a VM that is not there yet is not created, then ready, running, stopped', () => {
  assert.deepEqual(['0', '34', '36', '37'].map((at) => vmStatus(sceneAt(at), 'A').key), ['vm.absent', 'vm.ready', 'vm.running', 'vm.stopped']);
});
test('the arrow of the last crossing is lit, and fresh only where it happened', () => {
  assert.deepEqual([litArrow(stateAt('37'))?.of, litArrow(stateAt('37'))?.fresh], ['exit', true]);
  assert.deepEqual([litArrow(stateAt('38'))?.of, litArrow(stateAt('38'))?.fresh, litArrow(stateAt('38'))?.reason], ['exit', false, 10]);
  assert.equal(litArrow(stateAt('36'))?.of, 'entry');
  assert.equal(litArrow(stateAt('3')), null);
});
test('inside an exit the transition is under way', () => {
  assert.deepEqual({ of: transitionOf(sceneAt('36.4'))?.of, number: transitionOf(sceneAt('36.4'))?.number, vm: transitionOf(sceneAt('36.4'))?.vm }, { of: 'exit', number: 4, vm: 'A' });
  assert.equal(transitionOf(sceneAt('37')), null);
});
test('the picture turns to the VM of the current VMCS', () => {
  assert.equal(focusVm(sceneAt('38'), stateAt('38').outline), 'A');
  assert.equal(focusVm(sceneAt('62'), stateAt('62').outline), 'B');
});
test('the chip shows the next instruction of a running guest, and where a stopped one left', () => {
  assert.deepEqual(chipOf(stateAt('36'), 'A'), { address: '104003', text: 'cpuid', live: true, ring: 0 });
  assert.deepEqual(chipOf(stateAt('37'), 'A'), { address: '104003', text: 'cpuid', live: false, ring: 0 });
  assert.equal(chipOf(stateAt('0'), 'A'), null);
});
test('inside the first exit the chip already shows where the guest leaves', () => {
  assert.equal(chipOf(stateAt('36.2'), 'A')?.address, '104003');
});
test('the stop of a phase is found at that phase only', () => {
  assert.equal(stopHere(stateAt('36.4'))?.id, 'cpuid');
  assert.equal(stopHere(stateAt('36')), null);
});
test('every VMCS field of the table belongs to a group of the picture', () => {
  const groups = table('vmcs_fields').trim().split('\n').slice(1).map((row) => row.split(',')).map(([, name, , type, group]) => [name, type, group, fieldGroup(name)]);
  for (const [name, type, group, mine] of groups) {
    const wanted = type === 'guest' ? 'guest' : type === 'host' ? 'host' : type === 'read_only' ? 'exit' : 'controls';
    assert.equal(mine, wanted, `${name} (${group})`);
  }
});
test('the VMCS tab marks changed fields with their old value, reasons in decimal with their name', () => {
  const scene = sceneAt('37');
  const [address] = vmcsAddresses(scene);
  const groups = vmcsTable(scene.vmcs[address], { fields: [['exit_reason', '4402', 'exit_info']], symbols: new Map(), reason: () => 'CPUID', all: false });
  assert.deepEqual(groups.map(({ group }) => group), ['exit', 'guest', 'host', 'controls']);
  assert.deepEqual(groups[0].rows[0], { name: 'exit_reason', encoding: '4402', value: '10', note: 'CPUID', old: '0' });
  assert.equal(groups[1].rows[0].name, 'guest_rip');
});
test('the tab hides zero fields, except those the picture is about, until asked', () => {
  const vmcs = sceneAt('34').vmcs['201000'];
  const names = (/** @type {boolean} */ all) => vmcsTable(vmcs, { fields: [], symbols: new Map(), reason: () => '', all }).flatMap(({ rows }) => rows.map(({ name }) => name));
  assert.ok(!names(false).includes('exception_bitmap') && names(false).includes('exit_reason'));
  assert.equal(names(true).length, Object.keys(vmcs.fields).length);
});
test('the facts of the processor fit in one row when wide, in two when not, in order and apart', () => {
  const items = facts(sceneAt('37'), t);
  for (const [from, to, rows] of [[126, 880, 1], [160, 590, 2]]) {
    const placed = placeFacts(items, from, to);
    assert.equal(new Set(placed.map(({ row }) => row)).size, rows);
    for (const { x } of placed) assert.ok(x >= from && x < to);
  }
});
test('the last that was printed stands in the row, once there is something', () => {
  const scene = sceneAt('37');
  const printed = (/** @type {string} */ console) => facts({ ...scene, console }, t).find(([id]) => id === 'console')?.[2];
  assert.deepEqual(['', 'A1\n', 'A12A34A56'].map(printed), [undefined, 'A1', '…2A34A56']);
});
test('an address has the name of the label, not of a local one', () => {
  assert.equal(symbolsByAddress({ 'start.next': '1', start: '1' }).get('1'), 'start');
});

test('fields are found by a part of their name or encoding, zero or not, and those that changed alone', () => {
  const vmcs = /** @type {any} */ ({ fields: { guest_rip: '4000', guest_rsp: '0', host_rip: '10', exit_reason: 'a' }, changed: { guest_rip: '3ffe' } });
  const fields = /** @type {[string, string, string][]} */ ([['guest_rip', '681e', ''], ['guest_rsp', '681c', ''], ['host_rip', '6c16', ''], ['exit_reason', '4402', '']]);
  const names = (/** @type {object} */ how) => vmcsTable(vmcs, { fields, symbols: new Map(), reason: String, all: true, ...how }).flatMap(({ rows }) => rows.map(({ name }) => name));
  assert.deepEqual(names({ search: ' Guest R' }), ['guest_rip', 'guest_rsp']);
  assert.deepEqual(names({ search: '6c1' }), ['host_rip']);
  assert.deepEqual(names({ onlyChanged: true }), ['guest_rip']);
  assert.deepEqual(names({ search: 'no such' }), []);
});

test('of several symbols at an address the one that begins something is named', () => {
  const named = symbolsByAddress({ 'a.local': '10', a_end: '10', b: '10', a: '8', c: '20', 'c.first': '20', d_end: '30' });
  assert.deepEqual([...named], [['10', 'b'], ['8', 'a'], ['20', 'c'], ['30', 'd_end']]);
});

test('a VM entry that fails as an instruction is no exit: its reason is an error number', () => {
  const failed = (/** @type {number} */ reason) => ({ ...stateAt('38'), events: [{ type: 'entry_failed', vm: 'A', reason, check: 'x' }] });
  const refused = litArrow(failed(8));
  assert.deepEqual([refused?.of, refused?.failed, refused?.reason], ['entry', true, undefined]);
  assert.deepEqual([litArrow(failed(33))?.of, litArrow(failed(33))?.reason], ['exit', 33]);
  assert.deepEqual(causes(failed(8), t), []);
  assert.equal(causes(failed(33), t)[0].key, 'exit.33');
});
