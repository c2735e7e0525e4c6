/**
 * The script that explains: gets the reference of the page's language (docs/protocol.md, "Reference") and shows what was asked for.
 * @typedef {import('./model/reference.js').Reference} Reference
 * @typedef {import('./view/player.js').Context} Context
 */
import { showExplanation, showTrouble } from './view/explanation.js';

/** @type {Promise<Reference> | undefined} */
let loading;

/** @param {import('./types').Boot} boot @returns {Promise<Reference>} */
async function load({ prefix, lang }) {
  const answer = await fetch(`${prefix}/api/reference?lang=${lang}`);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** Explains what `mark` stands for. @param {HTMLElement | SVGElement} mark @param {Context} context */
export async function explain(mark, context) {
  loading ??= load(context.boot);
  try {
    showExplanation(mark, await loading, context);
  } catch {
    loading = undefined;
    showTrouble(mark, context);
  }
}
