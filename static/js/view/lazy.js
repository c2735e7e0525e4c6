/**
 * Views that few pages need: a script of their own each, loaded when one is first drawn. Until it is there something else may stand in its place.
 * @typedef {import('./player.js').Context} Context
 * @typedef {(context: Context) => unknown} View
 */
import { nothing } from 'lit-html';

/** After so long it is tried again, when it could not be loaded. */
const RETRY_MS = 3000;
/** @type {Map<string, View | 'loading'>} */
const views = new Map();

/** Draws a view, or begins to load it and draws again when it has come. @param {string} name @param {() => Promise<View>} load @param {Context} context @param {unknown} [before]  what stands there until then */
export function lazily(name, load, context, before = nothing) {
  const view = views.get(name);
  if (typeof view === 'function') return view(context);
  if (view === undefined) {
    views.set(name, 'loading');
    load().then((loaded) => {
      views.set(name, loaded);
      context.run('redraw');
    }, () => {
      views.delete(name);
      setTimeout(() => context.run('redraw'), RETRY_MS);
    });
  }
  return before;
}
