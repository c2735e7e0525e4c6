/**
 * A learner's progress, kept in the browser and nowhere else: which stops were visited, where the learner was last, what was answered, which
 * lessons are done. Files that take it to another browser are made and read here. No DOM, no storage: plain data in, plain data out.
 * @typedef {import('../types').Position} Position
 * @typedef {import('../types').Reply} Reply
 * @typedef {{at: string, seen: string[], right: string[], done: boolean, variant: number, when: number}} Visit   `at` as in an address, in that variant; `seen` stops and questions
 *   `right` at the first try, in whichever variant; `when` in milliseconds since 1970
 * @typedef {{visit: Visit | null, replies: Record<string, Reply>, bookmarks: string[]}} Kept   what is kept of a lesson
 * @typedef {{name: string, title: string, url: string, stops: string[], questions: string[], prerequisites: string[]}} Lesson
 */
import { compare, formatPosition, parsePosition } from './position.js';
import { UNANSWERED, outcome, settled } from './questions.js';

export const FORMAT = 'vmviz-progress';
export const VERSION = 1;
/** Characters of a file: far more than the whole course needs. */
export const LARGEST = 1_000_000;
const MOST = { lessons: 300, stops: 60, questions: 30, answers: 40, bookmarks: 200, text: 200, variant: 999_999 };
const NAME = /^[a-z][a-z0-9-]{0,39}$/;
/** What is kept of another variant of a lesson (model/address.js, `keptName`). */
const KEPT_NAME = /^[a-z][a-z0-9-]{0,39}(\?\d{1,6})?$/;
const has = (/** @type {object} */ record, /** @type {string} */ key) => Object.hasOwn(record, key);

/** @returns {Kept} */
export const nothingKept = () => ({ visit: null, replies: {}, bookmarks: [] });

/**
 * The visit after being at a position. A lesson is done when its last stop was visited and all its questions are answered, and stays so.
 * @param {Visit | null} before @param {import('../types').State} state @param {{when: number, variant: number}} at @returns {Visit}
 */
export function visited(before, { position, outline, replies }, { when, variant }) {
  const here = outline.stops.find((stop) => compare(stop, position) === 0);
  const seen = together(before?.seen ?? [], here ? [here.id] : []);
  const asked = (outline.questions ?? []).map(({ id }) => id);
  const right = together(before?.right ?? [], asked.filter((id) => has(replies, id) && outcome(replies[id]) === 'first'));
  const last = outline.stops.at(-1);
  const complete = Boolean(last && seen.includes(last.id)) && asked.every((id) => has(replies, id) && settled(replies[id]));
  return { at: formatPosition(position), seen, right, done: Boolean(before?.done) || complete, variant, when };
}

/** Each once. @param {string[]} list @param {string[]} more */
const together = (list, more) => [...new Set([...list, ...more])];

/** How a lesson stands. @param {Lesson} lesson @param {Kept} kept @returns {{state: 'fresh' | 'begun' | 'done', seen: number, right: number, at: string}} */
export function standing(lesson, { visit }) {
  const seen = lesson.stops.filter((stop) => visit?.seen.includes(stop)).length;
  const right = lesson.questions.filter((id) => visit?.right.includes(id)).length;
  return { state: visit?.done ? 'done' : visit ? 'begun' : 'fresh', seen, right, at: visit?.at ?? '0' };
}

/** The prerequisites that are not done. @param {Lesson} lesson @param {Lesson[]} lessons @param {(name: string) => Kept} kept */
export function awaited({ prerequisites }, lessons, kept) {
  return prerequisites.filter((name) => lessons.some((other) => other.name === name) && !kept(name).visit?.done);
}

/**
 * Where the learner goes on: the lesson that was left last, else the first that is not done and waits for none.
 * @param {Lesson[]} lessons @param {(name: string) => Kept} kept @returns {{how: 'first' | 'go_on' | 'next' | 'again', lesson: Lesson} | null}
 */
export function whereToGo(lessons, kept) {
  if (!lessons.length) return null;
  const begun = lessons.filter(({ name }) => kept(name).visit && !kept(name).visit?.done)
    .sort((a, b) => (kept(b.name).visit?.when ?? 0) - (kept(a.name).visit?.when ?? 0));
  if (begun.length) return { how: 'go_on', lesson: begun[0] };
  const open = lessons.filter(({ name }) => !kept(name).visit?.done);
  const next = open.find((lesson) => !awaited(lesson, lessons, kept).length) ?? open[0];
  if (!next) return { how: 'again', lesson: lessons[0] };
  return { how: open.length === lessons.length ? 'first' : 'next', lesson: next };
}

/** A visit as it was kept; null for what is none. @param {string | null} text @returns {Visit | null} */
export function visitIn(text) {
  try { return readVisit(JSON.parse(text ?? 'null')); } catch { return null; }
}

/** A file that holds everything. @param {Map<string, Kept>} all @param {Date} made */
export function toFile(all, made) {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, made: made.toISOString(), lessons: Object.fromEntries(all) }, null, 1)}\n`;
}

/**
 * What a file holds, or why it is refused. Nothing in it is trusted: what is not exactly of the form is left out, and a file without anything
 * of the form is none of ours.
 * @param {string} text @returns {{all: Map<string, Kept>} | {refused: 'size' | 'json' | 'foreign' | 'version'}}
 */
export function fromFile(text) {
  if (text.length > LARGEST) return { refused: 'size' };
  /** @type {any} */
  let found;
  try { found = JSON.parse(text); } catch { return { refused: 'json' }; }
  if (!isRecord(found) || found.format !== FORMAT || !isRecord(found.lessons)) return { refused: 'foreign' };
  if (!Number.isInteger(found.version) || found.version < 1) return { refused: 'foreign' };
  if (found.version > VERSION) return { refused: 'version' };
  const named = Object.entries(found.lessons);
  if (named.length > MOST.lessons || !named.every(([name, kept]) => KEPT_NAME.test(name) && isRecord(kept))) return { refused: 'foreign' };
  return { all: new Map(named.map(([name, kept]) => [name, readKept(kept)])) };
}

/** Both together: nothing that either has is lost. @param {Kept} mine @param {Kept} other @returns {Kept} */
export function merged(mine, other) {
  const both = together(Object.keys(mine.replies), Object.keys(other.replies));
  const of = (/** @type {Kept} */ { replies }, /** @type {string} */ id) => (has(replies, id) ? replies[id] : undefined);
  return {
    visit: mergedVisit(mine.visit, other.visit),
    replies: Object.fromEntries(both.map((id) => [id, betterReply(of(mine, id), of(other, id))])),
    bookmarks: together(mine.bookmarks, other.bookmarks).slice(0, MOST.bookmarks),
  };
}

/** @param {Visit | null} mine @param {Visit | null} other @returns {Visit | null} */
function mergedVisit(mine, other) {
  if (!mine || !other) return mine ?? other;
  const later = other.when > mine.when ? other : mine;
  return { ...later, seen: together(mine.seen, other.seen), right: together(mine.right, other.right), done: mine.done || other.done };
}

/** The one that is settled; mine where both are, or neither. @param {Reply | undefined} mine @param {Reply | undefined} other @returns {Reply} */
function betterReply(mine, other) {
  if (!mine || !other) return mine ?? other ?? UNANSWERED;
  return settled(other) && !settled(mine) ? other : mine;
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** @param {unknown} value @param {number} [most] @returns {string[]} */
const texts = (value, most = MOST.answers) => (Array.isArray(value) ? value.filter((each) => typeof each === 'string' && each.length <= MOST.text).slice(0, most) : []);
const count = (/** @type {unknown} */ value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0);
/** @param {unknown} text @returns {Position | null} */
const place = (text) => (typeof text === 'string' && text.length < 20 ? parsePosition(text) : null);

/** @param {any} found @returns {Kept} */
function readKept(found) {
  const asked = isRecord(found.replies) ? Object.entries(found.replies).filter(([id, reply]) => NAME.test(id) && isRecord(reply)).slice(0, MOST.questions) : [];
  return {
    visit: readVisit(found.visit), replies: Object.fromEntries(asked.map(([id, reply]) => [id, readReply(reply)])),
    bookmarks: texts(found.bookmarks, MOST.bookmarks).filter(place),
  };
}

/** @param {any} found @returns {Visit | null} */
function readVisit(found) {
  const at = isRecord(found) && place(found.at);
  if (!at) return null;
  const ids = (/** @type {unknown} */ list, /** @type {number} */ most) => texts(list, most).filter((id) => NAME.test(id));
  return { at: formatPosition(at), seen: ids(found.seen, MOST.stops), right: ids(found.right, MOST.questions), done: found.done === true,
    variant: Math.min(count(found.variant), MOST.variant), when: count(found.when) };
}

/** @param {any} found @returns {Reply} */
function readReply(found) {
  const { seen } = found;
  return {
    given: texts(found.given), tries: count(found.tries), right: found.right === true, about: typeof found.about === 'string' && NAME.test(found.about) ? found.about : '',
    hints: Math.min(count(found.hints), MOST.answers), answer: texts(found.answer),
    seen: isRecord(seen) && Number.isSafeInteger(seen.step) && Number.isSafeInteger(seen.phase) && seen.step >= 0 && seen.phase >= 0 ? { step: seen.step, phase: seen.phase } : null,
  };
}
