/**
 * Before anything is drawn: the theme, and what decides where the parts of the player stand. A script of its own, small and not deferred, so that
 * the first picture is already the right one and nothing moves when the player comes.
 */
import { LARGER, isCompact } from './model/room.js';
import { LARGE, readKept, startTheme } from './theme.js';

/** Whether this tab has been in the lesson: it goes on where it was. @param {string} lesson */
function begun(lesson) {
  try { return sessionStorage.getItem(`vmviz-session-${lesson}`) !== null; } catch { return false; }
}

const root = document.documentElement;
const { embed, lesson } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
if (embed === undefined) root.dataset.theme = startTheme();
if (lesson !== undefined) {
  const large = embed === undefined && readKept(LARGE) === 'on';
  const unit = large ? LARGER : 1;
  root.classList.toggle('large', large);
  root.classList.toggle('compact', isCompact({ width: innerWidth / unit, height: innerHeight / unit, embed: embed !== undefined, natural: false }));
  // The page holds the words of the start: of no use to those who begin elsewhere.
  root.classList.toggle('elsewhere', /\bstep=(?!0\b(?!\.))/.test(location.hash) || begun(lesson));
}
