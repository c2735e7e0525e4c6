/** Which check of a VM entry failed, and how the others stand. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { around, failedCheck, ladder } from '../../static/js/model/checks.js';
import { groupName, groupState, ladderText, ladderTitle, rowState } from '../../static/js/model/checks_text.js';
import { translator } from '../../static/js/model/words.js';
import { catalogue, languages, stateAt, t } from './fixture.js';

const checks = { groups: [
  { id: 'guards', sections: [{ title: 'Basic', rows: ['guard.4', 'guard.7', 'guard.8'] }] },
  { id: 'controls', sections: [{ title: 'One', rows: ['a', 'b'] }, { title: 'Two', rows: ['c', 'd', 'e'] }] },
  { id: 'guest_state', sections: [{ title: 'Three', rows: ['f'] }] }],
page: '/reference/checks', instructions: { vmptrld: { page: '/reference/instructions/vmptrld', groups: /** @type {any} */ ([
  { kind: 'fault', code: '#UD', rows: [{ id: 'vmptrld.outside', code: '#UD' }, { id: 'vmptrld.v8086', code: '#UD' }] },
  { kind: 'exit', code: '21', rows: [{ id: 'vmptrld.guest', code: '21' }] },
  { kind: 'fail', rows: [{ id: 'vmptrld.address', code: '9' }, { id: 'vmptrld.revision', code: '11' }] }]) } } };
const launch = [{ type: 'instruction', text: 'vmlaunch' }];
const broken = (/** @type {string} */ check, /** @type {any[]} */ events = launch) => ladder(checks, { events: [...events, { type: 'entry_failed', check }] })?.groups ?? [];
const guard = (/** @type {string} */ id) => ({ events: [{ type: 'instruction', text: 'vmptrld [rax]' }, { type: 'vmx_guard', instruction: 'vmptrld', guard: `vmptrld.${id}`, result: 'fail', section: 'S' }] });
const withEvents = (/** @type {any[]} */ events) => ({ ...stateAt('37'), events });

test('the groups before the failed one were kept, those after were not reached', () => {
  const [guards, controls, guest] = broken('d');
  assert.deepEqual([guards.standing, controls.standing, guest.standing], ['passed', 'failed', 'ahead']);
  assert.deepEqual(controls.rows.map(({ standing }) => standing), ['passed', 'passed', 'passed', 'failed', 'ahead']);
  assert.equal(controls.failed, 3);
  assert.deepEqual(controls.rows.map(({ title }) => title), ['One', '', 'Two', '', '']);
});

test('VMLAUNCH asks for a clear VMCS, VMRESUME for a launched one', () => {
  assert.deepEqual(broken('d')[0].rows.map(({ id }) => id), ['guard.4', 'guard.7']);
  assert.deepEqual(broken('d', [{ type: 'instruction', text: 'vmresume' }])[0].rows.map(({ id }) => id), ['guard.4', 'guard.8']);
});

test('the machine names the rule: the check of the entry, or the guard, and the page guesses none', () => {
  assert.equal(failedCheck(withEvents([{ type: 'entry_failed', check: 'guest.rflags_reserved' }])), 'guest.rflags_reserved');
  assert.equal(failedCheck(withEvents([...launch, { type: 'vmx_guard', guard: 'vmlaunch.launch_state', check: 'guard.7' }])), 'guard.7');
  assert.equal(failedCheck(guard('revision')), 'vmptrld.revision');
  assert.equal(failedCheck(withEvents([{ type: 'vmx_outcome', instruction: 'vmlaunch', result: 'fail_valid', error: 4 }])), '');
});

test('an instruction shows its guards: those before were kept, those after were not reached', () => {
  const found = ladder(checks, guard('address'));
  assert.deepEqual([found?.instruction, found?.page, found?.check, found?.section, found?.exit], ['vmptrld', '/reference/instructions/vmptrld', 'vmptrld.address', 'S', false]);
  assert.deepEqual(found?.groups.map(({ standing }) => standing), ['passed', 'passed', 'failed']);
  assert.deepEqual(found?.groups[2].rows.map(({ standing, code }) => [standing, code]), [['failed', '9'], ['ahead', '11']]);
  assert.deepEqual(ladder(checks, guard('v8086'))?.groups.map(({ standing }) => standing), ['failed', 'ahead', 'ahead']);
  assert.equal(ladder(checks, { events: [{ type: 'vmx_outcome', instruction: 'vmptrld', result: 'succeed' }] }), null);
});

test('a guard that makes a guest leave is no failure in the words', () => {
  for (const lang of languages()) {
    const say = translator(catalogue(lang));
    const left = ladder(checks, guard('guest'));
    assert.ok(left);
    const [, group] = left.groups;
    assert.equal(groupState(group, say), say('checks.exited', { number: 1, total: 1 }));
    assert.equal(rowState(group.rows[0], group, say), say('check_state.exited'));
    assert.equal(groupName(group, say), say('checks.exit', { reason: '21' }));
  }
});

test('as text the list has a line for each group, and one for each rule of the group that decided', () => {
  const failed = ladder(checks, guard('revision'));
  assert.ok(failed);
  assert.equal(ladderTitle(failed, t), 'What VMPTRLD asks, in order');
  assert.deepEqual(ladderText(failed, t), [{ line: '#UD: all 2 rules kept', rules: [] }, { line: 'VM exit 21: 1 rule, kept', rules: [] }, { line: 'VMfail: rule 2 of 2 is broken',
    rules: [`kept: ${catalogue('en')['vmx_guard.address']} · VMfail(9)`, `broken: ${catalogue('en')['vmx_guard.revision']} · VMfail(11)`] }]);
});

test('the rows around the broken one are shown, the others folded', () => {
  const group = broken('d')[1];
  const { before, here, after } = around(group, 1);
  assert.deepEqual([before, here, after].map((rows) => rows.map(({ id }) => id)), [['a', 'b'], ['c', 'd', 'e'], []]);
});
