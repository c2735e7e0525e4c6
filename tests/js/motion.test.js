/** Motion: the dot travels the arrow of a crossing, values fly in the phases that save or load, and nothing moves without a cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layout } from '../../static/js/model/layout.js';
import { dotAt, motionBetween } from '../../static/js/model/motion.js';
import { stateAt } from './fixture.js';

const place = layout({ width: 896, height: 540, compact: false, vms: ['A', 'B'], focus: 'A', regions: stateAt('0').outline.regions ?? [] });
const [a] = place.vms;

test('control is in the monitor in root operation, in the guest in non-root operation', () => {
  assert.equal(dotAt(stateAt('38'), place).y, place.vmm.y);
  assert.deepEqual(dotAt(stateAt('36'), place), { x: a.entry.x, y: a.box.y + a.box.h });
});
test('a VM exit takes the dot down the exit arrow', () => {
  const motion = motionBetween(stateAt('36'), stateAt('37'), place);
  assert.deepEqual(motion?.path.map(({ x }) => x), [a.entry.x, a.exit.x, a.exit.x, a.exit.x]);
  assert.equal(motion?.path.at(-1)?.y, place.vmm.y);
});
test('the phases of an exit move it further and further down', () => {
  const ys = ['36', '36.2', '36.4', '37'].map((at) => dotAt(stateAt(at), place).y);
  assert.deepEqual(ys, [...ys].sort((x, y) => x - y));
});
test('the motion ends where the picture has the dot', () => {
  for (const [from, to] of [['36', '37'], ['37', '38'], ['0', '3']]) {
    const motion = motionBetween(stateAt(from), stateAt(to), place);
    if (motion) assert.deepEqual(motion.path.at(-1), dotAt(stateAt(to), place));
  }
});
test('an exit saves into the VMCS and loads from it', () => {
  const flights = motionBetween(stateAt('36'), stateAt('37'), place)?.flights ?? [];
  const cells = /** @type {NonNullable<typeof a.cells>} */ (a.cells);
  const ends = (/** @type {{x: number, y: number, w: number, h: number}} */ { x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 });
  assert.ok(flights.some(({ label, to }) => label === 'RIP 104003' && to.x === ends(cells.guest).x && to.y === ends(cells.guest).y));
  assert.ok(flights.some(({ label, to }) => label === 'reason 10' && to.x === ends(cells.exit).x));
  assert.ok(flights.some(({ from }) => from.x === ends(cells.host).x && from.y === ends(cells.host).y));
});
test('going back, and a jump between places without a crossing, do not move', () => {
  assert.equal(motionBetween(stateAt('37'), stateAt('36'), place), null);
  assert.equal(motionBetween(stateAt('3'), stateAt('62'), place), null);
});
