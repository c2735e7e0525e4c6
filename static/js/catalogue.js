/**
 * The words: one flat catalogue per language, the same files that the server's pages use. Every other module makes its
 * sentences by key; nothing but this file knows that there are two languages.
 */
import en from '../../vmviz/web/languages/en.json';
import pt from '../../vmviz/web/languages/pt-BR.json';
import { translator } from './model/words.js';

/** @type {Record<string, Record<string, string>>} */
const CATALOGUES = { en, 'pt-BR': pt };

/** The translate function of a language; an unknown one falls back to English. @param {string} lang */
export function words(lang) {
  return translator(CATALOGUES[lang] ?? en, en);
}
