/**
 * A small recording of two guests, as the server would send it: outline, listing, and the scenes and events of some positions.
 */
import { readFileSync } from 'node:fs';
import { parsePosition } from '../../static/js/model/position.js';
import { translator } from '../../static/js/model/words.js';

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const recording = read('./fixtures/two_guests.json');

/** The catalogue of a language. @param {string} lang @returns {Record<string, string>} */
export const catalogue = (lang) => read(`../../vmviz/web/languages/${lang}.json`);
export const t = translator(catalogue('en'));
export const mergeCases = read('../fixtures/merge.json');
export const table = (/** @type {string} */ name) => readFileSync(new URL(`../../vmviz/spec/tables/${name}.csv`, import.meta.url), 'utf8');

/** The store's state at a position such as "36.4". @param {string} at @returns {import('../../static/js/types').State} */
export function stateAt(at) {
  const { scene, events } = recording.positions[at];
  return { connection: 'open', error: null, notice: '', position: parsePosition(at) ?? { step: 0, phase: 0 }, length: recording.outline.length, scene, events,
    outline: recording.outline, listing: recording.listing, playing: false, speed: 1, tab: 'code', vmcs: '', allFields: false, help: false, goTo: false, blank: false,
    letters: true, theme: 'auto', width: 1440, height: 900, stage: { width: 896, height: 540 } };
}
