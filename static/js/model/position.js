/**
 * Positions in a recording: {step, phase}, written "37" or "37.3" everywhere. A phase is one part of the step that follows.
 * @typedef {import('../types').Position} Position
 * @typedef {import('../types').Outline} Outline
 */

/** @param {Position} position */
export function formatPosition({ step, phase }) {
  return phase ? `${step}.${phase}` : `${step}`;
}

/** The position written in `text`, or null when it is not one. @param {string} text @returns {Position | null} */
export function parsePosition(text) {
  const match = /^\s*(\d{1,9})(?:\.(\d{1,2}))?\s*$/.exec(text);
  return match ? { step: Number(match[1]), phase: Number(match[2] ?? 0) } : null;
}

/** Negative, zero or positive, as `a` is before, at or after `b`. @param {Position} a @param {Position} b */
export function compare(a, b) {
  return a.step - b.step || a.phase - b.phase;
}

/** The phases of the step under way at `position`, when it has any. @param {Position} position @param {Outline} outline */
export function phasesAt(position, outline) {
  return outline.phased?.[String(position.step)];
}

/** `position` moved inside the recording. @param {Position} position @param {Outline} outline @returns {Position} */
export function clampPosition(position, outline) {
  if (position.step >= outline.length) return { step: outline.length, phase: 0 };
  const phases = phasesAt(position, outline)?.names.length ?? 0;
  return { step: Math.max(0, position.step), phase: Math.min(Math.max(0, position.phase), Math.max(0, phases - 1)) };
}
