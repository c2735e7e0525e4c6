/**
 * The box of a region of code. While a question asks for a place, the boxes are what one can choose: in the order of the picture, by click, or by
 * Enter and the space bar. What is chosen is the same as in the question's list.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/layout.js').Box & {id: string}} RegionBox
 * @typedef {{chosen: string, choose: (id: string) => void, name: (id: string) => string}} Choosing
 */
import { nothing, svg } from 'lit-html';
import { fitWords } from '../model/format.js';
import { placeName, questionHere, replyTo, settled } from '../model/questions.js';

/** The choice of a place that is asked for here, where each place has a box in the picture. @param {Context} context @param {import('../model/layout.js').Layout} place @returns {Choosing | null} */
export function choosing({ state, boot, t, run }, place) {
  const asked = questionHere(state);
  if (asked?.kind !== 'place') return null;
  const reply = replyTo(state, asked.id);
  const boxes = [...place.rootRegions, ...place.vms.flatMap(({ regions }) => regions)].map(({ id }) => id);
  if (settled(reply) || !asked.among.every((id) => boxes.includes(id))) return null;
  const name = (/** @type {string} */ id) => placeName(id, state, boot, t);
  // What is chosen already is answered by choosing it once more, unless it was graded.
  const choose = (/** @type {string} */ id) => (reply.given[0] === id && !reply.about ? run('answer', { id: asked.id, given: [id] }) : run('choosePlace', { id: asked.id, place: id }));
  return { chosen: reply.given[0] ?? '', choose, name };
}

/** Less says nothing: three letters and dots. */
const LEAST_ROOM = 36;

/** @param {RegionBox} box @param {{words: string, lit: boolean, start?: boolean, room: number, unit?: number}} shown @param {Choosing | null} choice  `start`: the words begin at its edge */
export function regionBox({ id, x, y, w, h }, { words, lit, start = false, room, unit }, choice) {
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choice?.choose(id);
  };
  return svg`<g class="region ${lit ? 'lit' : ''} ${choice ? 'pick' : ''}" role=${choice ? 'button' : nothing} tabindex=${choice ? 0 : nothing} aria-label=${choice ? choice.name(id) : nothing}
      aria-pressed=${choice ? choice.chosen === id : nothing} @click=${choice ? () => choice.choose(id) : nothing} @keydown=${choice ? press : nothing}><rect x=${x} y=${y} width=${w} height=${h} rx="7.5"></rect>
    <text x=${start ? x + 13 : x + w / 2} y=${y + h / 2 + 4.5} text-anchor=${start ? 'start' : 'middle'}>${room < LEAST_ROOM ? nothing : fitWords(words, room, unit)}<title>${words}</title></text></g>`;
}
