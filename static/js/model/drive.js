/**
 * The learner drives: what is asked where, what is still open, and where a way on must stop to ask. The machine asks and grades.
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Point} Point
 * @typedef {import('../types').Position} Position
 */
import { compare } from './position.js';

/** Is there nothing more to say about a point: the answer was right, or was shown? @param {State} state @param {string} id */
export function driven({ drive }, id) {
  const reply = drive?.replies[id];
  return Boolean(reply && (reply.right || reply.answer));
}

/** What is asked at this position; nothing in a run that was changed. @param {State} state @returns {Point | null} */
export function pointHere({ drive, fork, position }) {
  return (!fork && drive?.points.find((point) => compare(point, position) === 0)) || null;
}

/** The first point from a position up to another, both counted in, that is still open. @param {State} state @param {Position} from @param {Position} to @returns {Point | null} */
export function firstOpen(state, from, to) {
  if (state.fork || !state.drive) return null;
  return state.drive.points.find((point) => compare(point, from) >= 0 && compare(point, to) <= 0 && !driven(state, point.id)) ?? null;
}

/** Whether the names of the phases to come would tell the answer. @param {State} state */
export function hidesPhases(state) {
  const point = pointHere(state);
  return Boolean(point && point.kind !== 'control' && !driven(state, point.id));
}

/** The position one phase on, or a step where it has none. @param {State} state @param {Position} from @returns {Position} */
export function phaseOn({ outline }, { step, phase }) {
  return phase + 1 < (outline.phased?.[step]?.names.length ?? 0) ? { step, phase: phase + 1 } : { step: step + 1, phase: 0 };
}

/** How it went: right at the first try, of those that were answered or shown; and how many there are. @param {State} state */
export function score(state) {
  const points = state.drive?.points ?? [];
  const done = points.filter(({ id }) => driven(state, id));
  return { right: done.filter(({ id }) => state.drive?.replies[id].right && state.drive.replies[id].tries === 1).length, asked: done.length, all: points.length };
}

/** Where control goes, as a choice names it: "root:100087". @param {string} choice @param {import('../types').Outline} outline @returns {{mode: string, rip: string, region: import('../types').Region | null}} */
export function placeOf(choice, { regions = [] }) {
  const [mode, rip] = choice.split(':');
  const at = BigInt(`0x${rip}`);
  const region = regions.find(({ where, first, end }) => (where !== 'root') === (mode === 'non_root') && first && end && at >= BigInt(`0x${first}`) && at < BigInt(`0x${end}`));
  return { mode, rip, region: region ?? null };
}
