/** Which check of a VM entry failed, and how the others stand. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { around, failedCheck, standings } from '../../static/js/model/checks.js';
import { stateAt } from './fixture.js';

const checks = { groups: [
  { id: 'guards', sections: [{ title: 'Basic', rows: ['guard.4', 'guard.7', 'guard.8'] }] },
  { id: 'controls', sections: [{ title: 'One', rows: ['a', 'b'] }, { title: 'Two', rows: ['c', 'd', 'e'] }] },
  { id: 'guest_state', sections: [{ title: 'Three', rows: ['f'] }] }] };
const launch = [{ type: 'instruction', text: 'vmlaunch' }];
const withEvents = (/** @type {any[]} */ events) => ({ ...stateAt('37'), events });

test('the groups before the failed one were kept, those after were not reached', () => {
  const [guards, controls, guest] = standings(checks, 'd', launch);
  assert.deepEqual([guards.standing, controls.standing, guest.standing], ['passed', 'failed', 'ahead']);
  assert.deepEqual(controls.rows.map(({ standing }) => standing), ['passed', 'passed', 'passed', 'failed', 'ahead']);
  assert.equal(controls.failed, 3);
  assert.deepEqual(controls.rows.map(({ title }) => title), ['One', '', 'Two', '', '']);
});

test('VMLAUNCH asks for a clear VMCS, VMRESUME for a launched one', () => {
  assert.deepEqual(standings(checks, 'd', launch)[0].rows.map(({ id }) => id), ['guard.4', 'guard.7']);
  assert.deepEqual(standings(checks, 'd', [{ type: 'instruction', text: 'vmresume' }])[0].rows.map(({ id }) => id), ['guard.4', 'guard.8']);
});

test('the rule is named by the failed entry, or by the error number of the instruction', () => {
  const outcome = (/** @type {object} */ more) => failedCheck(withEvents([...launch, { type: 'vmx_outcome', instruction: 'vmlaunch', ...more }]));
  assert.equal(failedCheck(withEvents([{ type: 'entry_failed', check: 'guest.rflags_reserved' }])), 'guest.rflags_reserved');
  assert.equal(outcome({ result: 'fail_valid', error: 4 }), 'guard.7');
  assert.equal(outcome({ result: 'fail_valid', error: 26 }), 'guard.6');
  assert.equal(outcome({ result: 'fail_invalid' }), 'guard.5');
  assert.equal(outcome({ result: 'succeed' }), '');
  assert.equal(failedCheck(withEvents([{ type: 'vmx_outcome', instruction: 'vmptrld', result: 'fail_valid', error: 9 }])), '');
});

test('the rows around the broken one are shown, the others folded', () => {
  const group = standings(checks, 'd', launch)[1];
  const { before, here, after } = around(group, 1);
  assert.deepEqual([before, here, after].map((rows) => rows.map(({ id }) => id)), [['a', 'b'], ['c', 'd', 'e'], []]);
});
