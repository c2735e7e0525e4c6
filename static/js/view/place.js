/**
 * The layout of the present state, made once for each state: diagram and motion ask for the same one.
 * @typedef {import('../types').State} State
 */
import { layout, rootHasRings, textWidth } from '../model/layout.js';
import { focusVm, vmNames } from '../model/selectors.js';

/** @param {State} state @param {import('../types').Translate} t @param {string} lang @param {boolean} compact */
export function layoutOf(state, t, lang, compact) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const regions = state.outline.regions ?? [];
  return layout({ ...state.stage, compact, vms: vmNames(scene, state.outline), focus: focusVm(scene, state.outline), regions, processors: Object.keys(scene.processors),
    longest: Object.fromEntries(regions.map((region) => [region.id, textWidth(boxName(region, regions, lang, t))])),
    words: { vmm: textWidth(t(vmmKey(state.stage.width, compact))) * 1.15, entry: textWidth(t('diagram.entry')) } });
}

/** The name of a region's box; in root operation with its ring, where the lesson has more than ring 0 there. @param {import('../types').Region} region @param {import('../types').Region[]} regions @param {string} lang @param {import('../types').Translate} t */
export function boxName({ id, name, where, ring = 0 }, regions, lang, t) {
  const words = name[lang] ?? name.en ?? id;
  return where === 'root' && rootHasRings(regions) ? `${words} · ${t('diagram.ring', { ring })}` : words;
}

/** The monitor's name, short where there is little room. @param {number} width @param {boolean} compact */
export function vmmKey(width, compact) {
  return width < (compact ? 560 : 760) ? 'diagram.vmm_short' : 'diagram.vmm';
}
