/** The store: what counts as a change. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { whatChanged } from '../../static/js/store.js';
import { stateAt } from './fixture.js';

test('what says the same as the state is no change', () => {
  const state = stateAt('36');
  const copy = structuredClone({ scene: state.scene, events: state.events, position: state.position });
  assert.deepEqual(whatChanged(state, { ...copy, connection: 'lost' }), { connection: 'lost' });
  const other = structuredClone(copy.position);
  other.step += 1;
  assert.deepEqual(whatChanged(state, { ...copy, position: other }), { position: other });
});
