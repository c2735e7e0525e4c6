/**
 * The timeline as numbers: lanes, exits, entries and stops as places between 0 and 1, and back from a place to a position. When it is zoomed, a
 * window of it is shown, and places are those within the window.
 * @typedef {import('../types').Outline} Outline
 * @typedef {import('../types').Position} Position
 * @typedef {{from: number, to: number}} Span  the window: parts of the whole, 0 to 1
 */
import { clampPosition, phasesAt } from './position.js';

/** The closest zoom shows so many steps. */
const CLOSEST = 12;

/** The rows from above: each VM, the VMM (root operation), VMX off. @param {string[]} vms */
export function lanes(vms) {
  return [...vms, 'root', 'off'];
}

/** Where a position lies in the whole, between 0 and 1. @param {Position} position @param {Outline} outline */
export function fraction(position, outline) {
  const phases = phasesAt(position, outline)?.names.length;
  return Math.min(1, (position.step + (phases ? position.phase / phases : 0)) / Math.max(1, outline.length));
}

/** The window of a zoom (1: everything) that holds `at`: where it was, moved when the playhead leaves it. @param {{factor: number, from: number}} zoom @param {number} at @returns {Span} */
export function spanOf({ factor, from }, at) {
  const width = 1 / Math.max(1, factor);
  const left = at < from || at > from + width ? at - width / 2 : from;
  const first = Math.max(0, Math.min(1 - width, left));
  return { from: first, to: first + width };
}

/** Closer by a factor (or further), around `at`; never closer than a dozen steps. @param {{factor: number, from: number}} zoom @param {number} by @param {number} at @param {number} length */
export function zoomed({ factor, from }, by, at, length) {
  const span = spanOf({ factor, from }, at);
  const wanted = Math.max(1, Math.min(factor * by, Math.max(1, length / CLOSEST)));
  const place = (at - span.from) / (span.to - span.from);
  return { factor: wanted, from: Math.max(0, Math.min(1 - 1 / wanted, at - place / wanted)) };
}

/** A place of the whole as a place of the window (outside 0..1 when it is not in it). @param {number} whole @param {Span} span */
export function within(whole, { from, to }) {
  return (whole - from) / (to - from);
}

/** The position at a place of the window, snapped to a mark (a stop, a bookmark) that is nearer than `reach`. @param {number} place @param {Outline} outline @param {Span} span @param {number} [reach] @param {Position[]} [marks] */
export function positionAt(place, outline, span, reach = 0, marks = outline.stops) {
  const near = marks.map((mark) => ({ mark, away: Math.abs(within(fraction(mark, outline), span) - place) }))
    .filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away)[0];
  if (near) return { step: near.mark.step, phase: near.mark.phase };
  const whole = span.from + Math.max(0, Math.min(1, place)) * (span.to - span.from);
  return clampPosition({ step: Math.round(whole * outline.length), phase: 0 }, outline);
}

/** The stretches of each lane within the window, cut at `at` (of the whole) so that what is done looks done. @param {Outline} outline @param {number} at @param {Span} span */
export function segments(outline, at, span) {
  const length = Math.max(1, outline.length);
  return outline.lanes.flatMap(({ from, to, lane }) => {
    const [a, b] = [Math.max(from / length, span.from), Math.min(to / length, span.to)];
    if (b <= a) return [];
    const part = (/** @type {number} */ low, /** @type {number} */ high, /** @type {boolean} */ done) => ({ lane, from: within(low, span), to: within(high, span), done });
    return at <= a || at >= b ? [part(a, b, at >= b)] : [part(a, at, true), part(at, b, false)];
  });
}

/** Round step numbers for the axis, about `count` of them, never next to an end. @param {number} from @param {number} to @param {number} [count] */
export function ticks(from, to, count = 5) {
  const raw = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const unit = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw) ?? power * 10;
  const inner = [];
  for (let step = Math.ceil((from + unit / 3) / unit) * unit; step < to - unit / 3; step += unit) inner.push(step);
  return [from, ...inner, to];
}

/** What stands at a place of the window, for those who point there: the step, whose lane, an exit that is near. @param {number} place @param {Outline} outline @param {Span} span @param {number} reach */
export function at(place, outline, span, reach) {
  const { step } = positionAt(place, outline, span);
  const lane = outline.lanes.find(({ from, to }) => step >= from && step < to)?.lane ?? outline.lanes.at(-1)?.lane ?? 'off';
  const exit = outline.exits.map((mark) => ({ mark, away: Math.abs(within(mark.step / Math.max(1, outline.length), span) - place) }))
    .filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away)[0]?.mark ?? null;
  return { step: exit?.step ?? step, lane, exit };
}
