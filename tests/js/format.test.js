/** Texts in the room that they have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fit, fitWords, letters } from '../../static/js/model/format.js';

test('a text is cut to the number of letters that fit', () => {
  assert.equal(fit('mov rax', 60, 7.3), 'mov rax');
  assert.equal(fit('mov rax, rbx', 60, 7.3), 'mov rax…');
  assert.equal(fit('mov', 1), 'm…');
});

test('words are cut by the widths of their letters, not by their number', () => {
  assert.equal(fitWords('illicit', 46), 'illicit');
  assert.ok(fitWords('WWWWWWW', 46).endsWith('…'));
  assert.ok(letters('VMM') > letters('all'));
  assert.equal(fitWords('scheduler', 1), 's…');
});
