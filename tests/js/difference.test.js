import assert from 'node:assert/strict';
import test from 'node:test';
import { differences } from '../../static/js/model/difference.js';
import { stateAt } from './fixture.js';

const sceneAt = (/** @type {string} */ at) => /** @type {import('../../static/js/types').Scene} */ (stateAt(at).scene);

test('a scene does not differ from itself', () => {
  for (const at of ['0', '36', '36.4', '62']) assert.deepEqual(differences(sceneAt(at), sceneAt(at)), []);
});
test('who has control, registers, fields and virtual machines are told; the time-stamp counter is not', () => {
  const found = differences(sceneAt('36'), sceneAt('37'));
  const of = (/** @type {string} */ where) => found.filter((one) => one.where === where);
  assert.deepEqual(of('control'), [{ where: 'control', name: '0', here: 'A', there: 'root' }]);
  assert.ok(of('register').some(({ name }) => name === 'rip'));
  assert.ok(!found.some(({ name }) => name === 'tsc'));
  assert.ok(of('vmcs').some(({ name, of: vm }) => name === 'exit_reason' && vm === 'A'));
  assert.deepEqual(of('vm').map(({ here, there }) => [here, there]), [['running', 'stopped']]);
});
test('what only one of them has differs from nothing', () => {
  const found = differences(sceneAt('0'), sceneAt('62'));
  assert.ok(found.some(({ where, here, there }) => where === 'vm' && here === '' && there));
});
