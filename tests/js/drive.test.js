/** The learner drives: what is open, where a way on stops, and how it went. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driven, firstOpen, hidesPhases, phaseOn, placeOf, pointHere, score } from '../../static/js/model/drive.js';
import { commandFor } from '../../static/js/model/keys.js';

const reply = (/** @type {object} */ more) => ({ given: 'a', tries: 1, right: false, about: '', answer: '', seen: null, ...more });
const points = [{ id: '3', step: 3, phase: 2, kind: 'phase', choices: ['a', 'b'] }, { id: '5', step: 5, phase: 0, kind: 'control', choices: ['a', 'b'] }];
const at = (/** @type {number} */ step, phase = 0) => ({ step, phase });
const state = (/** @type {object} */ replies = {}, more = {}) => /** @type {any} */ ({ drive: { points, replies, reminded: 0 }, fork: null, position: at(3, 2), outline: { phased: { 3: { of: 'exit', names: ['a', 'b', 'c'] } } }, ...more });

test('a way on stops at the first open point, its own position counted in', () => {
  assert.equal(firstOpen(state(), at(0), at(3)), null);
  assert.equal(firstOpen(state(), at(0), at(4)), points[0]);
  assert.equal(firstOpen(state(), at(3, 2), at(4)), points[0]);
  assert.equal(firstOpen(state({ 3: reply({ right: true }) }), at(0), at(9)), points[1]);
  assert.equal(firstOpen(state({ 3: reply({ answer: 'b' }), 5: reply({}) }), at(0), at(9)), points[1]);
  assert.equal(firstOpen(state({}, { drive: null }), at(0), at(9)), null);
  assert.equal(firstOpen(state({}, { fork: {} }), at(0), at(9)), null);
});

test('a point is asked at its position alone, and not in a run that was changed', () => {
  assert.equal(pointHere(state()), points[0]);
  assert.equal(pointHere(state({}, { position: at(3) })), null);
  assert.equal(pointHere(state({}, { fork: {} })), null);
});

test('names of phases stay hidden while they would tell the answer', () => {
  assert.ok(hidesPhases(state()));
  assert.ok(!hidesPhases(state({ 3: reply({ right: true }) })));
  assert.ok(!hidesPhases(state({}, { position: at(5) })));
});

test('the score counts what was right at the first try, of what was answered or shown', () => {
  assert.deepEqual(score(state()), { right: 0, asked: 0, all: 2 });
  assert.deepEqual(score(state({ 3: reply({ right: true }), 5: reply({ answer: 'b', tries: 0 }) })), { right: 1, asked: 2, all: 2 });
  assert.deepEqual(score(state({ 3: reply({ right: true, tries: 2 }), 5: reply({}) })), { right: 0, asked: 1, all: 2 });
  assert.ok(driven(state({ 5: reply({ answer: 'b' }) }), '5') && !driven(state(), '5'));
});

test('one phase on is the next phase, or the next step behind the last one', () => {
  assert.deepEqual(phaseOn(state(), at(3, 1)), at(3, 2));
  assert.deepEqual(phaseOn(state(), at(3, 2)), at(4));
  assert.deepEqual(phaseOn(state(), at(7)), at(8));
});

test('a place is in the region of its operation', () => {
  const regions = /** @type {any} */ ([{ id: 'guest', where: 'A', first: '1000', end: '1010' }, { id: 'vmm', where: 'root', first: '1010', end: 'ffffffffffffffff' }]);
  const outline = /** @type {any} */ ({ regions });
  assert.equal(placeOf('non_root:100f', outline).region, regions[0]);
  assert.equal(placeOf('root:100f', outline).region, null);
  assert.equal(placeOf('root:fffffffffffffffe', outline).region, regions[1]);
  assert.deepEqual(placeOf('off:0', /** @type {any} */ ({})), { mode: 'off', rip: '0', region: null });
});

test('D is the key', () => {
  assert.equal(commandFor({ key: 'd', shiftKey: false, ctrlKey: false, altKey: false, metaKey: false }, { letters: true, focus: 'page' }), 'drive');
});
