// Progress: what a visit leaves, what comes next, and files from elsewhere, which may be anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as progress from '../../static/js/model/progress.js';

// Many of the things that are given here have not the form that they should have.
const { FORMAT, LARGEST, VERSION, awaited, fromFile, merged, nothingKept, standing, toFile, visitIn, visited, whereToGo } = /** @type {any} */ (progress);

const RIGHT = { given: ['a'], tries: 1, right: true, about: 'a', hints: 0, answer: [], seen: { step: 4, phase: 0 } };
const WRONG = { ...RIGHT, right: false, given: ['b'] };
const LATER = { ...RIGHT, tries: 2 };
const outline = { length: 9, stops: [{ id: 'first', step: 0, phase: 0 }, { id: 'in', step: 3, phase: 2 }, { id: 'last', step: 8, phase: 0 }], questions: [{ id: 'q', step: 2, phase: 0 }] };
const at = (/** @type {number} */ step, phase = 0, replies = {}) => ({ position: { step, phase }, outline, replies });
const now = { when: 5, variant: 0 };
const visit = (more = {}) => ({ at: '3', seen: [], right: [], done: false, variant: 0, when: 1, ...more });
const lessons = [['a'], ['b', 'a'], ['c', 'a', 'b', 'gone'], ['d']].map(([name, ...prerequisites]) => ({ name, title: name, url: `/lesson/${name}`, stops: ['first', 'last'], questions: ['q'], prerequisites }));
const keptOf = (/** @type {any} */ visits) => (/** @type {string} */ name) => ({ ...nothingKept(), visit: visits[name] ?? null });

test('a visit remembers the place, the stops it was at, and answers right at the first try', () => {
  let found = visited(null, at(0), now);
  assert.deepEqual(found, { at: '0', seen: ['first'], right: [], done: false, variant: 0, when: 5 });
  found = visited(found, at(3, 2, { q: RIGHT }), now);
  found = visited(found, at(3, 2, { q: RIGHT }), now);
  assert.deepEqual([found.at, found.seen, found.right], ['3.2', ['first', 'in'], ['q']]);
  assert.deepEqual(visited(null, at(1, 0, { q: LATER }), now).right, []);
});

test('a lesson is done when its last stop was visited and every question is answered, and stays so', () => {
  assert.equal(visited(null, at(8), now).done, false, 'the question is open');
  assert.equal(visited(null, at(8, 0, { q: WRONG }), now).done, false);
  assert.equal(visited(null, at(7, 0, { q: RIGHT }), now).done, false, 'not at the last stop');
  const done = visited(null, at(8, 0, { q: { ...WRONG, answer: ['a'] } }), now);
  assert.equal(done.done, true, 'an answer that was shown is an answer');
  assert.equal(visited(done, at(0), now).done, true);
  assert.equal(visited(null, { ...at(8), outline: { ...outline, questions: undefined } }, now).done, true);
  assert.equal(visited(null, { ...at(8), outline: { ...outline, questions: [{ id: 'constructor' }] } }, now).done, false);
});

test('a lesson stands fresh, begun or done, counted in what it has now', () => {
  assert.equal(standing(lessons[0], nothingKept()).state, 'fresh');
  assert.deepEqual(standing(lessons[0], keptOf({ a: visit({ seen: ['first', 'gone'], right: ['q', 'gone'] }) })('a')), { state: 'begun', seen: 1, right: 1, at: '3' });
  assert.equal(standing(lessons[0], keptOf({ a: visit({ done: true }) })('a')).state, 'done');
});

test('it goes on where the learner was last, else with the first lesson that waits for none', () => {
  const way = (/** @type {any} */ visits) => { const found = whereToGo(lessons, keptOf(visits)); return [found.how, found.lesson.name]; };
  assert.deepEqual(way({}), ['first', 'a']);
  assert.deepEqual(way({ a: visit({ when: 1 }), d: visit({ when: 9 }) }), ['go_on', 'd']);
  assert.deepEqual(way({ a: visit({ done: true }) }), ['next', 'b']);
  assert.deepEqual(way({ d: visit({ done: true }) }), ['next', 'a']);
  const all = Object.fromEntries(lessons.map(({ name }) => [name, visit({ done: true })]));
  assert.deepEqual(way(all), ['again', 'a']);
  assert.equal(whereToGo([], keptOf({})), null);
  assert.deepEqual(awaited(lessons[2], lessons, keptOf({ a: visit({ done: true }) })), ['b'], 'a lesson that is not there is not waited for');
});

test('what waits in a circle still comes next', () => {
  const circle = [{ ...lessons[0], prerequisites: ['b'] }, { ...lessons[1], prerequisites: ['a'] }];
  assert.equal(whereToGo(circle, keptOf({})).lesson.name, 'a');
});

test('a file brings back what was kept', () => {
  const all = new Map([['a', { visit: visit({ seen: ['first'], done: true }), replies: { q: RIGHT }, bookmarks: ['3', '4.2'] }], ['a?2', { ...nothingKept(), replies: { q: WRONG } }]]);
  const text = toFile(all, new Date(0));
  assert.deepEqual(fromFile(text), { all });
  assert.equal(JSON.parse(text).made, '1970-01-01T00:00:00.000Z');
});

test('merging loses nothing, and the later place wins', () => {
  const mine = { visit: visit({ seen: ['first'], right: ['q'], at: '3', when: 1 }), replies: { q: RIGHT, r: WRONG }, bookmarks: ['1'] };
  const other = { visit: visit({ seen: ['last'], done: true, at: '8', when: 2, variant: 3 }), replies: { q: WRONG, r: LATER, s: WRONG }, bookmarks: ['1', '2'] };
  const both = merged(mine, other);
  assert.deepEqual(both.visit, { at: '8', seen: ['first', 'last'], right: ['q'], done: true, variant: 3, when: 2 });
  assert.deepEqual(both.replies, { q: RIGHT, r: LATER, s: WRONG });
  assert.deepEqual(both.bookmarks, ['1', '2']);
  assert.equal(merged(other, mine).visit.at, '8');
  assert.deepEqual(merged(mine, nothingKept()), mine);
  assert.deepEqual(merged(nothingKept(), mine), mine);
});

const file = (/** @type {any} */ more) => JSON.stringify({ format: FORMAT, version: VERSION, lessons: {}, ...more });

test('files that are none of ours are refused with the reason', () => {
  const why = (/** @type {string} */ text) => fromFile(text).refused;
  assert.equal(why('x'.repeat(LARGEST + 1)), 'size');
  for (const text of ['', '{', 'hello', '\u0000', '[1,']) assert.equal(why(text), 'json', text);
  for (const text of ['null', '1', '"x"', '[]', '{}', '{"format":"other","version":1,"lessons":{}}', file({ lessons: [] }), file({ lessons: null }), file({ version: 0 }), file({ version: '1' }),
    file({ lessons: { 'Not A Name': {} } }), file({ lessons: { a: 1 } }), `{"format":"${FORMAT}","version":1,"lessons":{"__proto__":{}}}`,
    file({ lessons: Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`l${n}`, {}])) }), '['.repeat(5000) + ']'.repeat(5000)]) assert.equal(why(text), 'foreign', text.slice(0, 60));
  assert.equal(why(file({ version: VERSION + 1 })), 'version');
});

test('what is not of the form is left out of a file, and never reaches the page', () => {
  const evil = { visit: { at: '1e9', seen: 5 }, replies: { constructor: { given: 'x', tries: -1, right: 'yes', about: '<b>', hints: 1e99, answer: [1, 'y'.repeat(900), 'ok'], seen: { step: 'a' } }, '<img>': {} }, bookmarks: ['1', '<script>', {}, '9'.repeat(30)] };
  const { all } = fromFile(file({ lessons: { constructor: evil } }));
  const found = all.get('constructor');
  assert.equal(found.visit, null);
  assert.deepEqual(Object.keys(found.replies), ['constructor']);
  assert.deepEqual(found.replies.constructor, { given: [], tries: 0, right: false, about: '', hints: 0, answer: ['ok'], seen: null });
  assert.deepEqual(found.bookmarks, ['1']);
  assert.deepEqual(Object.keys(merged(nothingKept(), found).replies), ['constructor']);
  assert.equal(/** @type {any} */ (Object.prototype).given, undefined);
});

test('a visit that was kept badly is no visit', () => {
  for (const text of [null, '', '{', 'null', '[]', '5', '{"at":3}', '{"at":"x"}']) assert.equal(visitIn(text), null, String(text));
  assert.deepEqual(visitIn('{"at":" 3.1 "}'), visit({ at: '3.1', when: 0 }));
});
