import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tidy } from '../../static/js/model/source.js';

test('columns of an instruction become single spaces and its comment stands apart', () => {
  assert.deepEqual(tidy('        mov     eax, 1          ; 1. does it   have VMX?'),
    { indent: true, code: 'mov eax, 1', comment: '; 1. does it have VMX?' });
});

test('a label keeps its place at the margin', () => {
  assert.deepEqual(tidy('exit_handler:'), { indent: false, code: 'exit_handler:', comment: '' });
});

test('a rule of a heading goes, its words stay', () => {
  assert.deepEqual(tidy('; ---- Memory ------------------'), { indent: false, code: '', comment: '; Memory' });
  assert.deepEqual(tidy('; ==============='), { indent: false, code: '', comment: '' });
  assert.deepEqual(tidy(''), { indent: false, code: '', comment: '' });
});

test('quotes are left as they are, also with spaces and semicolons inside', () => {
  assert.deepEqual(tidy('text    db "a;  b", 0   ; why'), { indent: false, code: 'text db "a;  b", 0', comment: '; why' });
});
