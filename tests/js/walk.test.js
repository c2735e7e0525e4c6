import assert from 'node:assert/strict';
import test from 'node:test';
import { cellAt, flagNames, grid, hexRows } from '../../static/js/model/walk.js';

/** Two levels of the guest's tables under EPT, each address by four entries, and the page. */
const nested = { linear: '1234', physical: '5234', access: 'read', outcome: 'translated', cached: false, references: 14, rows: [4, 3, 0].map((level, n) => ({
  level, address: `${n + 1}000`, ept: [4, 3, 2, 1].map((of) => ({ level: of, address: `${of}0`, value: `${of}007` })), ...(level ? { value: `${n + 2}027` } : {}) })) };

test('cells are numbered in the order of reading, EPT before the entry that it leads to', () => {
  const rows = grid(nested);
  assert.deepEqual(rows.map(({ ept, entry }) => [ept.map(({ number }) => number), entry?.number]), [[[1, 2, 3, 4], 5], [[6, 7, 8, 9], 10], [[11, 12, 13, 14], undefined]]);
  assert.equal(cellAt(rows, 10)?.of, 'guest');
  assert.equal(cellAt(rows, 11)?.level, 4);
  assert.equal(cellAt(rows, 15), null);
  assert.ok(rows.every(({ ept, entry }) => [...ept, ...(entry ? [entry] : [])].every(({ bad }) => !bad)));
});

test('the entry at which it ends is marked: of EPT where EPT refuses, of the guest where the guest does', () => {
  const refused = grid({ ...nested, outcome: 'ept_violation', rows: [{ level: 4, address: '1000', ept: nested.rows[0].ept.slice(0, 2) }] });
  assert.deepEqual(refused[0].ept.map(({ bad }) => bad), [false, true]);
  const missing = grid({ ...nested, outcome: 'page_fault', rows: [{ level: 4, address: '1000', ept: [], value: '0' }] });
  assert.equal(missing[0].entry?.bad, true);
  assert.equal(missing[0].entry?.flags, '');
});

test('an entry in a register is no reference', () => {
  const rows = grid({ ...nested, rows: [{ level: 3, ept: [], value: '116001' }, { level: 2, address: '116000', ept: [], value: 'e7' }] });
  assert.deepEqual([rows[0].register, rows[0].entry?.number, rows[1].entry?.number], [true, 0, 1]);
});

test('flags have the names of their kind of table', () => {
  assert.equal(flagNames('guest', '80000000000000e7'), 'P W U A D S NX');
  assert.equal(flagNames('ept', '3b7'), 'R W X S A D');
});

test('bytes stand in rows of eight, what changed is marked', () => {
  const rows = hexRows('414200ff00112233445566', '1000', '414300ff00112233445566');
  assert.deepEqual(rows.map(({ address, text }) => [address, text]), [['1000', 'AB····"3'], ['1008', 'DUf']]);
  assert.deepEqual(rows[0].bytes.map(({ changed }) => changed), [false, true, false, false, false, false, false, false]);
  assert.ok(hexRows('4142', '0', '').every(({ bytes }) => bytes.every(({ changed }) => !changed)));
});
