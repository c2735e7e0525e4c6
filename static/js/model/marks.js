/**
 * Finds the terms in a text, each once: the first place where one of its forms stands as a word of its own, the longest form first.
 * @typedef {Record<string, string>} Marks  a form in lower case, and the id of its term
 */

/** @type {WeakMap<Marks, RegExp>} */
const patterns = new WeakMap();

/** @param {Marks} marks */
function patternOf(marks) {
  const known = patterns.get(marks);
  if (known) return known;
  const forms = Object.keys(marks).sort((a, b) => b.length - a.length).map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const made = new RegExp(forms.length ? `(?<![\\p{L}\\p{N}_#.])(?:${forms.join('|')})(?![\\p{L}\\p{N}_])` : '(?!)', 'giu');
  patterns.set(marks, made);
  return made;
}

/**
 * A text in pieces; those that name a term not yet in `told` have its id, and their terms are in `told` afterwards.
 * @param {string} text @param {Marks} marks @param {Set<string>} told @returns {{text: string, term?: string}[]}
 */
export function pieces(text, marks, told) {
  /** @type {{text: string, term?: string}[]} */
  const found = [];
  let from = 0;
  for (const { 0: form, index } of text.matchAll(patternOf(marks))) {
    const term = marks[form.toLowerCase()];
    if (told.has(term)) continue;
    told.add(term);
    if (index > from) found.push({ text: text.slice(from, index) });
    found.push({ text: form, term });
    from = index + form.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
