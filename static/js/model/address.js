/**
 * The address of a position: `#step=37.3` is a permalink.
 * @typedef {import('../types').Position} Position
 */
import { formatPosition, parsePosition } from './position.js';

/** The position that a hash names; the start when it names none that can be read; null when it does not try. @param {string} hash */
export function positionInHash(hash) {
  const value = new URLSearchParams(hash.replace(/^#/, '')).get('step');
  return value === null ? null : parsePosition(value) ?? { step: 0, phase: 0 };
}

/** The name under which the browser keeps things of a lesson: each variant has its own. @param {{lesson: string, variant: number}} boot */
export function keptName({ lesson, variant }) {
  return variant ? `${lesson}?${variant}` : lesson;
}

/** The address of the lesson in another variant, from its beginning. @param {string} href @param {number} seed  0 for the lesson as it is written */
export function withSeed(href, seed) {
  const url = new URL(href);
  if (seed) url.searchParams.set('seed', String(seed));
  else url.searchParams.delete('seed');
  url.hash = '';
  return url.href;
}

/** @param {Position} position */
export function hashOf(position) {
  return `#step=${formatPosition(position)}`;
}
