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

/** @param {Position} position */
export function hashOf(position) {
  return `#step=${formatPosition(position)}`;
}
