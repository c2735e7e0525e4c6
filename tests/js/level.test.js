/** How close the picture is, and what the phases of a VM entry or exit move. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { crossingAt, levelNamed, nextLevel } from '../../static/js/model/level.js';
import { stateAt } from './fixture.js';

test('the key goes from the overview to what the step is, then on, then back', () => {
  const walk = (/** @type {string} */ at) => {
    const state = stateAt(at);
    const seen = [];
    for (let n = 0; n < 3; n += 1) seen.push(state.level = nextLevel(state));
    return seen;
  };
  assert.deepEqual(walk('36.2'), ['phases', 'instruction', 'overview']);
  assert.deepEqual(walk('37'), ['phases', 'instruction', 'overview']);
  assert.deepEqual(walk('38'), ['instruction', 'phases', 'overview']);
});

test('a level has a name in the address; what is none follows the step', () => {
  assert.equal(levelNamed('phases'), 'phases');
  assert.equal(levelNamed('close'), null);
  assert.equal(levelNamed(null), null);
});

test('inside a VM exit the phases stand as done, just done and ahead, with what they saved', () => {
  const crossing = crossingAt(stateAt('36.2'));
  assert.deepEqual(crossing?.phases.map(({ standing }) => standing), ['done', 'here', 'ahead', 'ahead', 'ahead']);
  assert.deepEqual([crossing?.of, crossing?.step, crossing?.vm], ['exit', 36, 'A']);
  const saved = crossing?.phases[1].moved ?? [];
  assert.ok(saved.some(({ field, old, value }) => field === 'guest_rip' && old !== value));
  assert.deepEqual(crossing?.phases[3].moved, []);
});

test('behind a VM exit all phases are done, and its step is the one before', () => {
  const crossing = crossingAt(stateAt('37'));
  assert.ok(crossing?.phases.every(({ standing }) => standing === 'done'));
  assert.deepEqual([crossing?.step, crossing?.reason], [36, 10]);
  assert.ok(crossing?.phases[3].moved.some(({ field }) => field === 'host_rip'));
});

test('before a VM exit its phases are ahead; elsewhere there are none', () => {
  const before = crossingAt(stateAt('36'));
  assert.equal(before?.phases.every(({ standing }) => standing === 'ahead') ?? before?.step === 35, true);
  assert.equal(crossingAt(stateAt('3')), null);
});

test('a failed entry fails in the phase that checks, not in the one that loads MSRs after it', () => {
  const state = structuredClone(stateAt('37'));
  state.outline.phased = { 36: { of: 'entry', names: ['controls', 'host_state', 'guest_state', 'load_host', 'load_msrs'] } };
  state.events = [{ type: 'phase', of: 'entry', number: 1, name: 'controls' }, { type: 'entry_failed', reason: 33, vmcs: '201000', check: 'guest.rflags_if' }];
  assert.deepEqual(crossingAt(state)?.phases.map(({ standing }) => standing), ['done', 'done', 'failed', 'done', 'done']);
});
