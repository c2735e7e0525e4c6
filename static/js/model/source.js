/**
 * A line of source as a narrow panel shows it: the same words, without the columns that an editor's width allows.
 * Runs of spaces outside quotes become one, rules drawn with = or - go, and the comment is told apart.
 */

/**
 * @param {string} text one line of assembly source
 * @returns {{indent: boolean, code: string, comment: string}} `indent` for instructions; both empty for an empty line or a mere rule
 */
export function tidy(text) {
  const at = commentStart(text);
  const raw = at < 0 ? text : text.slice(0, at);
  const words = at < 0 ? '' : text.slice(at + 1).replace(/[=-]{4,}/g, ' ').replace(/\s+/g, ' ').trim();
  return { indent: /^\s/.test(text) && raw.trim() !== '', code: squeeze(raw.trim()), comment: words && `; ${words}` };
}

/** Where a line's comment begins, -1 without one; a semicolon within quotes is none. @param {string} text */
function commentStart(text) {
  let quote = '';
  for (let n = 0; n < text.length; n += 1) {
    const c = text[n];
    if (quote) quote = c === quote ? '' : quote;
    else if (c === "'" || c === '"' || c === '`') quote = c;
    else if (c === ';') return n;
  }
  return -1;
}

/** One space for many, but not within quotes. @param {string} code */
function squeeze(code) {
  return code.split(/('[^']*'|"[^"]*"|`[^`]*`)/).map((part, n) => (n % 2 ? part : part.replace(/\s+/g, ' '))).join('');
}
