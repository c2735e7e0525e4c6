/** Words: plural forms, amounts, and values inside right-to-left sentences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOf, translator } from '../../static/js/model/words.js';
import { catalogue, languages } from './fixture.js';

test('a number chooses the form of the sentence', () => {
  const t = translator({ 'x#one': '{count} exit', 'x#other': '{count} exits' });
  assert.equal(t('x', { count: 1 }), '1 exit');
  assert.equal(t('x', { count: 0 }), '0 exits');
  assert.equal(t('x', { count: 2 }), '2 exits');
});

test('a form that a language has no words for is the other one', () => {
  const t = translator({ 'x#other': '{count} saídas' }, 'pt-BR');
  assert.equal(t('x', { count: 1 }), '1 saídas');
});

test('amounts are written as the language does, names of places as in the address', () => {
  const t = translator({ a: '{length} {step} {position}' }, 'pt-BR');
  assert.equal(t('a', { length: 12345, step: 12345, position: '12345.3' }), '12.345 12345 12345.3');
  assert.equal(translator({}, 'es').number(1234), '1.234');
  assert.equal(translator({}, 'ar').number(1234), '1,234');
});

test('each plural form of a language is used by some number', () => {
  for (const lang of languages()) {
    const forms = Object.keys(catalogue(lang)).filter((key) => key.startsWith('home.steps#')).map((key) => key.split('#')[1]);
    const met = new Set(Array.from({ length: 1000 }, (_, n) => new Intl.PluralRules(lang).select(n)));
    assert.deepEqual(forms.sort(), [...met].sort(), lang);
  }
});

test('between right-to-left words a value is isolated; an amount and other languages need no marks', () => {
  const t = translator({ 'language.direction': 'rtl', a: '{text} {count}' }, 'ar');
  assert.equal(t('a', { text: 'mov eax, [rbx]', count: 3 }), '\u2068mov eax, [rbx]\u2069 3');
  assert.equal(translator({ 'language.direction': 'rtl', a: 'VMCS الحالية' }, 'ar')('a'), '\u200fVMCS الحالية');
  assert.equal(translator({ a: '{text}' })('a', { text: 'x' }), 'x');
});

test('a key without a sentence is seen, and a first one found', () => {
  const t = translator({ a: 'A' });
  assert.equal(t('b'), 'b');
  assert.equal(firstOf(t, ['b', 'a']), 'A');
  assert.equal(firstOf(t, ['b']), '');
});
