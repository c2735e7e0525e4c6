/**
 * The layout of the present state, made once for each state: diagram and motion ask for the same one.
 * @typedef {import('../types').State} State
 */
import { layout, textWidth } from '../model/layout.js';
import { focusVm, vmNames } from '../model/selectors.js';

/** @param {State} state @param {string} lang @param {boolean} compact */
export function layoutOf(state, lang, compact) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const regions = state.outline.regions ?? [];
  return layout({ ...state.stage, compact, vms: vmNames(scene, state.outline), focus: focusVm(scene, state.outline), regions,
    longest: Object.fromEntries(regions.map(({ id, name }) => [id, textWidth(name[lang] ?? name.en ?? id)])) });
}
