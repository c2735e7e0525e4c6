/**
 * The layout of the present state, made once for each state: diagram and motion ask for the same one.
 * @typedef {import('../types').State} State
 */
import { words } from '../catalogue.js';
import { layout, textWidth } from '../model/layout.js';
import { focusVm, vmNames } from '../model/selectors.js';

/** @param {State} state @param {string} lang @param {boolean} compact */
export function layoutOf(state, lang, compact) {
  const t = words(lang);
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const regions = state.outline.regions ?? [];
  return layout({ ...state.stage, compact, vms: vmNames(scene, state.outline), focus: focusVm(scene, state.outline), regions,
    longest: Object.fromEntries(regions.map(({ id, name }) => [id, textWidth(name[lang] ?? name.en ?? id)])),
    words: { vmm: textWidth(t(vmmKey(state.stage.width, compact))) * 1.15, entry: textWidth(t('diagram.entry')) } });
}

/** The monitor's name, short where there is little room. @param {number} width @param {boolean} compact */
export function vmmKey(width, compact) {
  return width < (compact ? 560 : 760) ? 'diagram.vmm_short' : 'diagram.vmm';
}
