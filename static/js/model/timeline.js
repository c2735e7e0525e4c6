/**
 * The timeline as numbers: lanes, exits, entries and stops as places between 0 and 1, and back from a place to a position.
 * @typedef {import('../types').Outline} Outline
 * @typedef {import('../types').Position} Position
 */
import { clampPosition, phasesAt } from './position.js';

/** The rows from above: each VM, the VMM (root operation), VMX off. @param {string[]} vms */
export function lanes(vms) {
  return [...vms, 'root', 'off'];
}

/** Where a position lies, between 0 and 1. @param {Position} position @param {Outline} outline */
export function fraction(position, outline) {
  const phases = phasesAt(position, outline)?.names.length;
  return Math.min(1, (position.step + (phases ? position.phase / phases : 0)) / Math.max(1, outline.length));
}

/** The position at a place of the timeline, snapped to a stop that is nearer than `reach`. @param {number} place @param {Outline} outline @param {number} [reach] */
export function positionAt(place, outline, reach = 0) {
  const near = outline.stops.map((stop) => ({ stop, away: Math.abs(fraction(stop, outline) - place) }))
    .filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away)[0];
  if (near) return { step: near.stop.step, phase: near.stop.phase };
  return clampPosition({ step: Math.round(Math.max(0, Math.min(1, place)) * outline.length), phase: 0 }, outline);
}

/** The stretches of each lane, cut at `at` so that what is done looks done. @param {Outline} outline @param {number} at  between 0 and 1 */
export function segments(outline, at) {
  const length = Math.max(1, outline.length);
  return outline.lanes.flatMap(({ from, to, lane }) => {
    const [a, b] = [from / length, to / length];
    if (b <= a) return [];
    if (at <= a || at >= b) return [{ lane, from: a, to: b, done: at >= b }];
    return [{ lane, from: a, to: at, done: true }, { lane, from: at, to: b, done: false }];
  });
}

/** Round step numbers for the axis, about `count` of them, never next to an end. @param {number} length @param {number} [count] */
export function ticks(length, count = 5) {
  const raw = length / count;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const unit = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw) ?? power * 10;
  const inner = [];
  for (let step = unit; step < length - unit / 3; step += unit) inner.push(step);
  return [0, ...inner, length];
}
