/** The HTML of a lesson's words with its terms as buttons that explain them: the first of each, never in code, a link or a heading. */
import { pieces } from '../model/marks.js';

/** @type {Map<string, string>} */
const made = new Map();

/** @param {string} html @param {import('../model/marks.js').Marks} [marks] */
export function marked(html, marks = {}) {
  const known = made.get(html);
  if (known !== undefined) return known;
  const { content } = Object.assign(document.createElement('template'), { innerHTML: html });
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) {
    const text = /** @type {Text} */ (walker.currentNode);
    if (!text.parentElement?.closest('code, pre, a, button, h1, h2, h3, h4')) texts.push(text);
  }
  const told = new Set();
  for (const text of texts) {
    const parts = pieces(text.data, marks, told);
    if (parts.some(({ term }) => term)) text.replaceWith(...parts.map(piece));
  }
  const host = document.createElement('div');
  host.append(content);
  made.set(html, host.innerHTML);
  return host.innerHTML;
}

/** @param {{text: string, term?: string}} part */
function piece({ text, term }) {
  if (!term) return text;
  // Not a button element: its words could not go on in the next line.
  const button = Object.assign(document.createElement('span'), { role: 'button', tabIndex: 0, className: 'term', textContent: text });
  button.dataset.about = `term.${term}`;
  button.setAttribute('aria-haspopup', 'dialog');
  return button;
}
