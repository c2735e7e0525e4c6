/**
 * The badge of a guest's mode: a frame of its own for each mode, a sign of how wide its code is, the mode in words, and whether it pages and
 * whether EPT translates below (a full or an empty sign).
 * @typedef {import('../types').Guest} Guest
 * @typedef {{x: number, y: number, w: number, h: number}} Room
 */
import { nothing, svg } from 'lit-html';
import { badgeOf, modeName, modeWords, pagingTag } from '../model/guest_mode.js';
import { textWidth } from '../model/layout.js';

const SIGN = 6;
const GAP = 5;

/**
 * As much of the badge as there is room for, from its left edge: the long or the short word, the sign, the two tags.
 * @param {Guest | undefined} guest @param {Room} room @param {import('../types').Translate} t
 */
export function guestBadge(guest, { x, y, w, h }, t) {
  if (!guest) return nothing;
  const { frame, filled, shown } = badgeOf(guest);
  const tags = [tag(pagingTag(guest), guest.paging !== 'off', 'term.paging'), tag('EPT', guest.ept, 'term.ept')];
  const sign = SIGN * shown + 4;
  const [long, short] = [modeName(guest, t, '.badge'), modeName(guest, t, '.short')];
  const forms = [[long, sign, 2], [short, sign, 2], [short, 0, 2], [short, sign, 1], [short, 0, 1], [short, sign, 0], [short, 0, 0]].map((form) => {
    const [word, signed, count] = /** @type {[string, number, number]} */ (form);
    const shownTags = tags.slice(0, count);
    return { word, sign: signed, tags: shownTags, width: textWidth(word) + signed + 12, more: shownTags.reduce((sum, { width }) => sum + width + GAP, 0) };
  });
  const form = forms.find(({ width, more }) => width + more <= w);
  if (!form) return nothing;
  let at = x + form.width + GAP;
  return svg`<g class="guest-mode mode-of-${frame}"><title>${modeWords(guest, t)}</title>
    <g data-about="term.operating_mode"><rect class="frame" x=${x} y=${y} width=${form.width} height=${h} rx=${frame === 'real' || frame === 'virtual_8086' ? 0 : 5}></rect>
    ${frame === 'virtual_8086' || frame === 'compatibility' ? svg`<rect class="frame inner" x=${x + 2.5} y=${y + 2.5} width=${form.width - 5} height=${h - 5} rx=${frame === 'compatibility' ? 3 : 0}></rect>` : nothing}
    ${form.sign ? Array.from({ length: shown }, (_, n) => svg`<rect class="word ${n < filled ? 'filled' : ''}" x=${x + 6 + n * SIGN} y=${y + h / 2 - 4} width="4" height="8"></rect>`) : nothing}
    <text x=${x + 6 + form.sign} y=${y + h / 2 + 4.3}>${form.word}</text></g>
    ${form.tags.map(({ draw, width }) => {
    const drawn = draw(at, y, h);
    at += width + GAP;
    return drawn;
  })}</g>`;
}

/** @param {string} text @param {boolean} on @param {string} about */
function tag(text, on, about) {
  const width = text.length * 8 + 20;
  return { width, draw: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ h) => svg`<g class="tag ${on ? 'on' : 'off'}" data-about=${about}>
    <rect x=${x} y=${y} width=${width} height=${h} rx="4"></rect><circle cx=${x + 9} cy=${y + h / 2} r="3.2"></circle><text x=${x + 16} y=${y + h / 2 + 4.3}>${text}</text></g>` };
}
