/**
 * What kind of code a guest runs, in words: mode, paging, EPT. The machine says which (docs/protocol.md, "Scene"); here are the sentences and
 * the sign of each mode.
 * @typedef {import('../types').Guest} Guest
 * @typedef {import('../types').Translate} Translate
 */
import { transitionOf, vmNames } from './selectors.js';
import { firstOf } from './words.js';

/** Parts of 16 bits in the sign of a mode: `filled` of them say how wide its code is, the others how wide the processor could be. */
const WORDS = 4;

/** How the badge of a mode looks: the style of its frame, and its sign. @param {Guest} guest @returns {{frame: string, filled: number, shown: number}} */
export function badgeOf({ mode, bits }) {
  if (mode === 'real' || mode === 'virtual_8086') return { frame: mode, filled: 1, shown: mode === 'real' ? 1 : 2 };
  return { frame: mode, filled: bits / 16, shown: mode === 'protected' ? 2 : WORDS };
}

/** "32-bit protected mode". @param {Pick<Guest, 'mode'> & {bits?: number}} guest @param {Translate} t @param {'' | '.badge' | '.short'} [size] */
export function modeName({ mode, bits }, t, size = '') {
  return t(`guest.${mode}${size}`, { bits: bits ?? '' });
}

/** "PG", as CR0 has it; "PAE" when that is how it pages. @param {Guest} guest */
export function pagingTag({ paging }) {
  return paging === 'pae' ? 'PAE' : 'PG';
}

/** "32-bit protected mode, paging off, EPT on". @param {Guest} guest @param {Translate} t */
export function modeWords(guest, t) {
  return [modeName(guest, t), t(`guest.paging.${guest.paging}`), t(guest.ept ? 'guest.ept.on' : 'guest.ept.off')].join(t('live.separator'));
}

/** What each VM of the picture runs, a sentence each. @param {import('../types').Scene} scene @param {import('../types').Outline} outline @param {Translate} t */
export function modesOf(scene, outline, t) {
  return vmNames(scene, outline).flatMap((vm) => {
    const guest = scene.vms[vm]?.guest;
    return guest ? [t('guest.vm', { vm, list: modeWords(guest, t) })] : [];
  });
}

/** That a guest has just changed its own mode or paging; empty when none has. @param {import('../types').Scene} scene @param {Translate} t */
export function modeChange(scene, t) {
  for (const [vm, { guest }] of Object.entries(scene.vms)) {
    if (!guest?.was) continue;
    const same = guest.was.mode === guest.mode;
    const name = (/** @type {Pick<Guest, 'mode' | 'paging'>} */ { mode, paging }) => (same ? t(`guest.paging.${paging}`) : firstOf(t, [`guest.${mode}.switch`, `guest.${mode}`]));
    return t('guest.switch', { vm, from: name(guest.was), to: name(guest) });
  }
  return '';
}

/** In which mode the guest is that gets control now; empty when none does. @param {import('../types').State} state @param {Translate} t */
export function modeEntered({ scene, events, position }, t) {
  const vm = scene && !transitionOf(scene) && !position.phase && events.findLast(({ type }) => type === 'vm_entry')?.vm;
  const guest = vm ? scene.vms[vm]?.guest : undefined;
  return guest ? modeWords(guest, t) : '';
}
