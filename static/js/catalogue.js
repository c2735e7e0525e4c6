/**
 * The words: one flat catalogue per language, the same files that the server's pages use. Each language is a script of its own in the bundle
 * (tools/build.mjs), complete: what it lacks is filled in from English when it is built. A page loads its own language only, by a script
 * element before that of the player. It is no import that the player waits for: a page that holds our frame speaks to it once it is
 * loaded, and must then be heard.
 */
import { translator } from './model/words.js';

/** The translate function of the page's language; it also knows what scripts with more words bring later. @param {string} lang */
export function words(lang) {
  globalThis.vmvizWords ??= {};
  return translator((globalThis.vmvizWords[lang] ??= {}), lang);
}

/** Loads the words of a part that few need (tools/build.mjs has the parts). @param {'drive' | 'checks'} part @param {string} lang @returns {Promise<unknown>} */
export const more = (part, lang) => import(new URL(`../languages/${part}-${lang}.js`, import.meta.url).href);
