/** Questions of a lesson: which is asked, the order of its answers, how it went, what was kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNANSWERED, moved, outcome, placeName, questionHere, repliesIn, seedOf, settled, shuffled } from '../../static/js/model/questions.js';
import { stopsAround } from '../../static/js/model/selectors.js';

const question = { id: 'rax', kind: 'choice', step: 5, phase: 2, among: ['a', 'b', 'c', 'd'] };
const outline = { stops: [{ id: 'one', step: 5, phase: 0 }, { id: 'two', step: 6, phase: 0 }], questions: [question] };
const state = (/** @type {number} */ step, /** @type {number} */ phase, more = {}) => /** @type {any} */ ({ outline, position: { step, phase }, fork: null, replies: {}, ...more });

test('a question is asked at its position alone, and not in a run that was changed', () => {
  assert.equal(questionHere(state(5, 2)), question);
  assert.equal(questionHere(state(5, 0)), null);
  assert.equal(questionHere(state(5, 2, { fork: {} })), null);
  assert.equal(questionHere({ ...state(5, 2), outline: { stops: [] } }), null);
});

test('the next stop is a question where one comes first', () => {
  assert.equal(stopsAround(state(5, 0)).next?.id, 'rax');
  assert.equal(stopsAround(state(5, 2)).next?.id, 'two');
  assert.equal(stopsAround(state(6, 0)).previous?.id, 'rax');
});

test('an order is one of the same answers, the same for the same browser, others for others', () => {
  const orders = new Set();
  for (let seed = 1; seed < 200; seed += 1) {
    const order = shuffled(question.among, seedOf('rax', seed));
    assert.deepEqual([...order].sort(), question.among);
    assert.deepEqual(order, shuffled(question.among, seedOf('rax', seed)));
    orders.add(order.join(''));
  }
  assert.ok(orders.size > 20, `${orders.size} orders of 24`);
});

test('an answer moves a place up or down, and not beyond the ends', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 1, -1), ['b', 'a', 'c']);
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 1), ['a', 'b', 'c']);
  assert.deepEqual(moved(['a', 'b', 'c'], 0, -1), ['a', 'b', 'c']);
});

test('how a question went', () => {
  assert.equal(outcome(UNANSWERED), 'open');
  assert.equal(outcome({ ...UNANSWERED, tries: 1, right: true }), 'first');
  assert.equal(outcome({ ...UNANSWERED, tries: 1, right: true, hints: 1 }), 'later');
  assert.equal(outcome({ ...UNANSWERED, tries: 2, right: true }), 'later');
  assert.equal(outcome({ ...UNANSWERED, tries: 2, answer: ['x'] }), 'shown');
  assert.ok(settled({ ...UNANSWERED, right: true }) && settled({ ...UNANSWERED, answer: ['x'] }) && !settled(UNANSWERED));
});

test('what was kept comes back, and what is damaged is left out', () => {
  const kept = { rax: { given: ['a'], tries: 1, right: true, answer: [] }, bad: 5, worse: { given: 'a', answer: [] }, none: null };
  assert.deepEqual(Object.keys(repliesIn(JSON.stringify(kept))), ['rax']);
  for (const text of [null, '', '{', '[]', '"x"', 'null']) assert.deepEqual(repliesIn(text), {});
});

test('a place is named by its region and by whose it is', () => {
  const t = /** @type {any} */ ((/** @type {string} */ key, /** @type {any} */ { vm = '' } = {}) => `${key}${vm}`);
  const state = /** @type {any} */ ({ outline: { regions: [{ id: 'a', name: { en: 'handler' }, where: 'root' }, { id: 'b', name: { en: 'kernel', ar: 'نواة' }, where: 'A' }] } });
  assert.equal(placeName('a', state, /** @type {any} */ ({ lang: 'es' }), t), 'handler (diagram.vmm_short)');
  assert.equal(placeName('b', state, /** @type {any} */ ({ lang: 'ar' }), t), 'نواة (diagram.vmA)');
  assert.equal(placeName('nowhere', state, /** @type {any} */ ({ lang: 'en' }), t), 'nowhere');
});
