/** Motion: the dot travels the arrow of a crossing, values fly in the phases that save or load, and nothing moves without a cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layout } from '../../static/js/model/layout.js';
import { dotAt, motionBetween } from '../../static/js/model/motion.js';
import { carriedWords } from '../../static/js/model/events_in_vmcs.js';
import { stateAt, t } from './fixture.js';

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

/** A whole step at 37 with the phases of a crossing, its VMCS holding an event. @param {string} of @param {string} phase @param {Record<string, string>} fields */
function crossing(of, phase, fields) {
  const state = structuredClone(stateAt(of === 'entry' ? '36' : '37'));
  const scene = /** @type {import('../../static/js/types').Scene} */ (state.scene);
  const vmcs = /** @type {string} */ (scene.processors[0].current_vmcs);
  Object.assign(scene.vmcs[vmcs].fields, fields);
  state.position = { step: 37, phase: 0 };
  state.events = [{ type: 'phase', of, number: 1, name: phase }, { type: of === 'entry' ? 'vm_entry' : 'vm_exit', kind: 'resume', vm: 'A', vmcs, reason: 0, name: 'EXCEPTION_OR_NMI', rip: '104003' }];
  return state;
}

test('an injected event flies from the controls to the guest, an event that caused an exit from the guest to the exit information', () => {
  const cells = /** @type {NonNullable<typeof a.cells>} */ (a.cells);
  const middle = (/** @type {{x: number, y: number, w: number, h: number}} */ { x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 });
  const guest = middle(a.chip ?? a.box);
  const entered = motionBetween(stateAt('36'), crossing('entry', 'inject', { entry_interruption_info: '80000306' }), place, t);
  assert.deepEqual(entered?.flights.map(({ label, from, to }) => ({ label, from, to })), [{ label: '#UD', from: middle(cells.controls), to: guest }]);
  const left = motionBetween(stateAt('36'), crossing('exit', 'reason', { exit_interruption_info: '80000b0e', idt_vectoring_info: '80000021' }), place, t);
  const events = left?.flights.filter(({ from }) => from.x === guest.x && from.y === guest.y);
  assert.deepEqual(events?.map(({ label, to }) => [label, to.x]), [['#PF', middle(cells.exit).x], ['external interrupt 33', middle(cells.exit).x]]);
});
test('nothing is injected when the field is not valid, and the words say where the event goes', () => {
  assert.deepEqual(motionBetween(stateAt('36'), crossing('entry', 'inject', { entry_interruption_info: '306' }), place, t)?.flights ?? [], []);
  const [words] = carriedWords(crossing('entry', 'inject', { entry_interruption_info: '80000021' }), t);
  assert.match(words, /^external interrupt 33 goes from the VM-entry interruption information of VMCS A \(vector 33, external interrupt\) to the guest: its handler begins at/);
  assert.match(carriedWords(crossing('entry', 'inject', { entry_interruption_info: '80000700' }), t)[0], /pending$/);
});
