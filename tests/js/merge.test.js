/** Deltas: RFC 7396, from the fixture that the server's tests read too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merge } from '../../static/js/model/merge.js';
import { afterFrame } from '../../static/js/store.js';
import { mergeCases, stateAt } from './fixture.js';

for (const { name, before, after, patch } of mergeCases) {
  test(`merge: ${name}`, () => {
    const untouched = structuredClone(before);
    assert.deepEqual(merge(before, patch), after);
    assert.deepEqual(before, untouched, 'the scene before is never changed');
  });
}

test('what a patch does not name is shared with the scene before', () => {
  const before = { a: { x: 1 }, b: { y: 1 } };
  assert.equal(merge(before, { b: { y: 2 } }).a, before.a);
});

test('a frame that starts elsewhere is refused, so that a snapshot can be asked for', () => {
  const state = stateAt('36');
  const frame = { from: { step: 35, phase: 0 }, position: { step: 36, phase: 0 }, events: [], delta: {} };
  assert.equal(afterFrame(state, frame), null);
});

test('a frame from here moves the state to its position', () => {
  const state = stateAt('36');
  const patch = afterFrame(state, { from: { step: 36, phase: 0 }, position: { step: 37, phase: 0 }, events: [{ type: 'halt' }], delta: { region: 'exit_handler' } });
  assert.deepEqual(patch?.position, { step: 37, phase: 0 });
  assert.equal(patch?.scene?.region, 'exit_handler');
});
