/**
 * The page's state: one object, replaced by every change; views draw from it and never change it.
 * What the machine says (scene, events, position) comes from the socket; the first picture, which must not wait for one, from the page or by
 * HTTP.
 * @typedef {import('./types').State} State
 * @typedef {import('./types').Boot} Boot
 */
import { merge } from './model/merge.js';
import { compare } from './model/position.js';

/** @param {Boot} boot @returns {State} */
export function initialState(boot) {
  return {
    connection: 'connecting', error: null, notice: '',
    position: { step: 0, phase: 0 }, length: boot.outline.length, scene: null, events: [],
    outline: boot.outline, listing: { lines: [], symbols: {} },
    playing: false, speed: 1, level: 'auto', tab: 'code', codeSide: 'auto', vmcs: '', allFields: false, search: '', onlyChanged: false, breakpoints: [], hits: [], bookmarks: [], zoom: { factor: 1, from: 0 }, look: { processor: '', address: '', access: 'read', reference: 0, of: '', kind: '', part: '', bytes: '', at: '', old: '' },
    help: false, goTo: false, blank: false, letters: true, fork: null, drive: null, replies: {}, seed: 1, large: false, theme: 'auto',
    width: 1440, height: 900, stage: { width: 0, height: 0 },
  };
}

/** @param {State} initial */
export function createStore(initial) {
  let state = initial;
  let queued = false;
  /** @type {((state: State, before: State) => void)[]} */
  const listeners = [];
  let before = state;
  const flush = () => {
    queued = false;
    const drawn = before;
    before = state;
    for (const listener of listeners) listener(state, drawn);
  };
  return {
    get state() { return state; },
    /** Changes the state; listeners hear of it once, after the present task. @param {Partial<State>} patch */
    update(patch) {
      state = { ...state, ...patch };
      if (!queued) {
        queued = true;
        queueMicrotask(flush);
      }
    },
    /** @param {(state: State, before: State) => void} listener */
    subscribe(listener) { listeners.push(listener); },
  };
}
/** @typedef {ReturnType<typeof createStore>} Store */

/** A patch in which what says the same as the state is the state's own, so that nobody takes it for a change. @param {State} state @param {Partial<State>} patch @returns {Partial<State>} */
export function whatChanged(state, patch) {
  const own = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (state));
  return Object.fromEntries(Object.entries(patch).filter(([key, value]) => value !== own[key] && JSON.stringify(value) !== JSON.stringify(own[key])));
}

/** The state after a frame, or null when the client is not where the frame starts. @param {State} state @param {import('./types').Frame} frame @returns {Partial<State> | null} */
export function afterFrame(state, { from, position, events, delta }) {
  if (!state.scene || compare(state.position, from) !== 0) return null;
  return { position, events, scene: merge(state.scene, delta) };
}
