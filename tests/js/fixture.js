/**
 * A small recording of two guests, as the server would send it: outline, listing, and the scenes and events of some positions.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { parsePosition } from '../../static/js/model/position.js';
import { translator } from '../../static/js/model/words.js';

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const recording = read('./fixtures/two_guests.json');

/** The catalogue of a language. @param {string} lang @returns {Record<string, string>} */
export const catalogue = (lang) => read(`../../vmviz/web/languages/${lang}.json`);
/** All languages of the interface. */
export const languages = () => readdirSync(new URL('../../vmviz/web/languages/', import.meta.url)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
export const t = translator(catalogue('en'));
export const mergeCases = read('../fixtures/merge.json');
export const table = (/** @type {string} */ name) => readFileSync(new URL(`../../vmviz/spec/tables/${name}.csv`, import.meta.url), 'utf8');

/** The store's state at a position such as "36.4". @param {string} at @returns {import('../../static/js/types').State} */
export function stateAt(at) {
  const { scene, events } = recording.positions[at];
  return { connection: 'open', error: null, notice: '', position: parsePosition(at) ?? { step: 0, phase: 0 }, length: recording.outline.length, scene, events,
    outline: recording.outline, listing: recording.listing, playing: false, speed: 1, level: 'auto', tab: 'code', codeSide: 'auto', vmcs: '', allFields: false, search: '', onlyChanged: false, breakpoints: [], hits: [], bookmarks: [], zoom: { factor: 1, from: 0 }, look: { processor: '', address: '', access: 'read', reference: 0, of: '', kind: '', part: '', bytes: '', at: '', old: '' }, help: false, goTo: false, blank: false,
    letters: true, fork: null, drive: null, replies: {}, seed: 1, large: false, theme: 'auto', width: 1440, height: 900, stage: { width: 896, height: 540 } };
}
