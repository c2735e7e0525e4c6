/** Positions, addresses and the timeline's arithmetic. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, positionInHash } from '../../static/js/model/address.js';
import { clampPosition, compare, formatPosition, parsePosition } from '../../static/js/model/position.js';
import { at as standsAt, fraction, positionAt, segments, spanOf, ticks, within, zoomed } from '../../static/js/model/timeline.js';
import { stopsAround } from '../../static/js/model/selectors.js';
import { stateAt } from './fixture.js';

const { outline } = stateAt('0');

test('37.3 in the address and on the screen is the same thing', () => {
  assert.deepEqual(positionInHash('#step=37.3'), { step: 37, phase: 3 });
  assert.equal(hashOf({ step: 37, phase: 3 }), '#step=37.3');
  assert.equal(formatPosition({ step: 37, phase: 0 }), '37');
});
test('what is no position is none', () => {
  for (const text of ['', '-1', '3.', 'x', '1e3', '3.4.5']) assert.equal(parsePosition(text), null, text);
  assert.equal(positionInHash('#'), null);
  assert.deepEqual(positionInHash('#step=nonsense'), { step: 0, phase: 0 });
});
test('positions are brought inside the recording', () => {
  assert.deepEqual(clampPosition({ step: 9999, phase: 0 }, outline), { step: outline.length, phase: 0 });
  assert.deepEqual(clampPosition({ step: 36, phase: 9 }, outline), { step: 36, phase: 4 });
  assert.deepEqual(clampPosition({ step: 3, phase: 2 }, outline), { step: 3, phase: 0 });
});
test('a phase lies between its step and the next', () => {
  const places = [{ step: 36, phase: 0 }, { step: 36, phase: 4 }, { step: 37, phase: 0 }];
  const at = places.map((place) => fraction(place, outline));
  assert.ok(at[0] < at[1] && at[1] < at[2]);
  assert.ok(compare(places[0], places[1]) < 0 && compare(places[1], places[2]) < 0);
});
const ALL = { from: 0, to: 1 };

test('a place on the timeline is the position that is drawn there', () => {
  for (const step of [0, 1, 36, 50, outline.length]) assert.equal(positionAt(step / outline.length, outline, ALL).step, step);
  assert.equal(positionAt(-3, outline, ALL).step, 0);
  assert.equal(positionAt(3, outline, ALL).step, outline.length);
});
test('near a stop the stop is meant, phase included', () => {
  assert.deepEqual(positionAt(36.75 / outline.length, outline, ALL, 0.01), { step: 36, phase: 4 });
});
test('lanes are cut at the playhead and cover every step once', () => {
  const parts = segments(outline, 0.4, ALL);
  const total = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  assert.ok(Math.abs(total - 1) < 1e-9);
  for (const { from, to, done } of parts) assert.equal(done, to <= 0.4, `${from} to ${to}`);
});
test('the axis has round numbers between its ends', () => {
  assert.deepEqual(ticks(0, 212), [0, 50, 100, 150, 212]);
  assert.deepEqual(ticks(0, 7), [0, 2, 4, 6, 7]);
});
test('a zoom keeps the place it was made at, and shows a window of the whole', () => {
  const zoom = zoomed({ factor: 1, from: 0 }, 4, 0.3, 1000);
  const span = spanOf(zoom, 0.3);
  assert.ok(Math.abs(span.to - span.from - 0.25) < 1e-9);
  assert.ok(Math.abs(within(0.3, span) - 0.3) < 1e-9);
  const back = zoomed(zoom, 0.01, 0.3, 1000);
  assert.deepEqual(spanOf(back, 0.3), ALL);
  assert.ok(zoomed(zoom, 1e9, 0.3, 1000).factor <= 1000 / 12);
  assert.equal(zoomed(zoom, 4, 0.3, 5).factor, 1);
});
test('the window follows the playhead when it leaves, and never shows beyond an end', () => {
  const zoom = { factor: 4, from: 0.1 };
  assert.equal(spanOf(zoom, 0.2).from, 0.1);
  const moved = spanOf(zoom, 0.9);
  assert.ok(moved.from <= 0.9 && moved.to >= 0.9 && moved.to <= 1);
  assert.deepEqual(spanOf(zoom, 0), { from: 0, to: 0.25 });
});
test('in a window places and positions agree, lanes are cut at its ends, the axis is its own', () => {
  const span = { from: 0.25, to: 0.5 };
  for (const place of [0, 0.3, 1]) {
    const { step } = positionAt(place, outline, span);
    assert.ok(Math.abs(within(step / outline.length, span) - place) * outline.length < 4);
  }
  const parts = segments(outline, 0.4, span);
  assert.ok(parts.every(({ from, to }) => from >= -1e-9 && to <= 1 + 1e-9));
  assert.ok(Math.abs(parts.reduce((sum, { from, to }) => sum + to - from, 0) - 1) < 1e-9);
  assert.deepEqual(ticks(53, 106), [53, 60, 80, 106]);
});
test('pointing tells the step, whose it is, and the exit that is near', () => {
  const [exit] = outline.exits;
  assert.equal(standsAt(exit.step / outline.length, outline, ALL, 0.001).exit?.name, exit.name);
  assert.deepEqual(standsAt(0, outline, ALL, 0.001), { step: 0, lane: 'off', exit: null });
});
test('the stops around a stop are its neighbours, not itself', () => {
  const { previous, next } = stopsAround(stateAt('36.4'));
  assert.equal(previous?.id, 'launch');
  assert.equal(next?.id, 'resume');
});
