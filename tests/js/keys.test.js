/** Keys: every key of the help does what it says, and none is taken from somebody who types. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFor, HELP } from '../../static/js/model/keys.js';
import { catalogue } from './fixture.js';

/** @param {string} key @param {Partial<import('../../static/js/model/keys.js').Context> & {shift?: boolean, ctrl?: boolean}} [how] */
const press = (key, { shift = false, ctrl = false, ...context } = {}) => commandFor(
  { key, shiftKey: shift, ctrlKey: ctrl, altKey: false, metaKey: false }, { letters: true, focus: 'page', ...context });

test('arrows step, and move by phases', () => {
  assert.deepEqual(['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp'].map((key) => press(key)), ['stepForward', 'stepBack', 'phaseForward', 'phaseBack']);
});
test('with Shift the arrows go to the next VM exit or entry', () => {
  assert.equal(press('ArrowRight', { shift: true }), 'nextTransition');
  assert.equal(press('ArrowLeft', { shift: true }), 'previousTransition');
});
test('clickers and letters go from stop to stop', () => {
  assert.deepEqual(['n', 'N', 'PageDown'].map((key) => press(key)), ['nextStop', 'nextStop', 'nextStop']);
  assert.deepEqual(['p', 'PageUp'].map((key) => press(key)), ['previousStop', 'previousStop']);
});
test('the other keys', () => {
  assert.deepEqual(['Home', 'End', ' ', 'g', '+', '=', '-', 'r', 'f', 'b', 'z', '?', 'Escape'].map((key) => press(key, { shift: key === '?' })),
    ['first', 'last', 'togglePlay', 'goTo', 'faster', 'faster', 'slower', 'restart', 'fullScreen', 'blank', 'level', 'help', 'close']);
});
test('nothing is taken while somebody types', () => {
  for (const key of ['ArrowRight', 'n', ' ', 'Home', '?']) assert.equal(press(key, { focus: 'typing' }), null);
});
test('shortcuts of the browser stay the browser’s', () => {
  for (const key of ['r', 'f', 'ArrowRight', 'p']) assert.equal(press(key, { ctrl: true }), null);
});
test('a focused button keeps Space and Enter, a tab its arrows, a scrolled text its up and down', () => {
  assert.equal(press(' ', { focus: 'button' }), null);
  assert.equal(press('ArrowRight', { focus: 'button' }), 'stepForward');
  assert.equal(press('ArrowRight', { focus: 'tabs' }), null);
  assert.equal(press('ArrowDown', { focus: 'scroller' }), null);
  assert.equal(press('ArrowRight', { focus: 'scroller' }), 'stepForward');
});
test('letter keys can be switched off; the others stay', () => {
  for (const key of ['n', 'p', 'g', 'r', 'f', 'b', '+', '-', '?']) assert.equal(press(key, { letters: false }), null);
  for (const key of ['ArrowRight', 'PageDown', ' ', 'Home']) assert.notEqual(press(key, { letters: false }), null);
});
test('an open dialog has the keys to itself', () => {
  assert.equal(press('ArrowRight', { modal: true }), null);
  assert.equal(press('Escape', { modal: true }), 'close');
});
test('the help has words for every key', () => {
  for (const lang of ['en', 'pt-BR']) for (const [, key] of HELP) assert.ok(catalogue(lang)[key], `${lang}: ${key}`);
});
