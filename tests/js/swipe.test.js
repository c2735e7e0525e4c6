import assert from 'node:assert/strict';
import test from 'node:test';
import { swipeOf } from '../../static/js/swipe.js';

test('a quick way to the side is a step, to the left forward', () => {
  assert.equal(swipeOf({ x: -120, y: 10, ms: 200 }), 'stepForward');
  assert.equal(swipeOf({ x: 120, y: -10, ms: 200 }), 'stepBack');
});
test('scrolling, a tap and a slow drag are none', () => {
  for (const way of [{ x: -60, y: 50, ms: 200 }, { x: -8, y: 0, ms: 80 }, { x: -200, y: 0, ms: 1500 }, { x: 0, y: -300, ms: 200 }]) assert.equal(swipeOf(way), null);
});
