/**
 * The lesson's questions: which one is asked here, in what order its answers stand, and how the learner has fared. The machine grades.
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Question} Question
 * @typedef {import('../types').Reply} Reply
 */
import { compare } from './position.js';

/** Nothing has been answered yet. @type {Reply} */
export const UNANSWERED = { given: [], tries: 0, right: false, about: '', hints: 0, answer: [], seen: null };

/** The question that is asked at this position, where there is one; none in a run that was changed. @param {State} state @returns {Question | null} */
export function questionHere({ outline, position, fork }) {
  return (!fork && outline.questions?.find((question) => compare(question, position) === 0)) || null;
}

/** @param {State} state @param {string} id @returns {Reply} */
export function replyTo({ replies }, id) {
  return replies[id] ?? UNANSWERED;
}

/** A region as an answer: its name, and whose it is. @param {string} id @param {State} state @param {import('../types').Boot} boot @param {import('../types').Translate} t */
export function placeName(id, { outline }, { lang }, t) {
  const region = outline.regions?.find((one) => one.id === id);
  return region ? `${region.name[lang] ?? region.name.en} (${region.where === 'root' ? t('diagram.vmm_short') : t('diagram.vm', { vm: region.where })})` : id;
}

/** Is there nothing more to say: the answer was right, or was shown? @param {Reply} reply */
export function settled(reply) {
  return reply.right || reply.answer.length > 0;
}

/** How a question went, for the review. @param {Reply} reply @returns {'first' | 'later' | 'shown' | 'open'} */
export function outcome(reply) {
  if (reply.right) return reply.tries === 1 && !reply.hints ? 'first' : 'later';
  return reply.answer.length ? 'shown' : 'open';
}

/** The same answers in an order that neighbours do not share. @param {string[]} among @param {number} seed */
export function shuffled(among, seed) {
  const order = [...among];
  let number = seed >>> 0;
  for (let at = order.length - 1; at > 0; at -= 1) {
    number = (Math.imul(number, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((number / 2 ** 32) * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/** A number for a question from that of the browser. @param {string} id @param {number} seed */
export function seedOf(id, seed) {
  return [...id].reduce((number, letter) => Math.imul(number ^ letter.charCodeAt(0), 16777619) >>> 0, seed >>> 0);
}

/** One element a place up or down. @param {string[]} order @param {number} at @param {number} by */
export function moved(order, at, by) {
  const to = at + by;
  if (to < 0 || to >= order.length) return order;
  const next = [...order];
  [next[at], next[to]] = [next[to], next[at]];
  return next;
}

/** Replies as they were kept in the browser; what does not look like one is left out. @param {string | null} kept @returns {Record<string, Reply>} */
export function repliesIn(kept) {
  try {
    const found = JSON.parse(kept ?? '{}');
    return Object.fromEntries(Object.entries(found).filter(([, reply]) => Array.isArray(reply?.given) && Array.isArray(reply?.answer))
      .map(([id, reply]) => [id, { ...UNANSWERED, ...reply }]));
  } catch {
    return {};
  }
}
