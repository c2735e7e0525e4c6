/**
 * Progress in the browser's storage (model/progress.js says what it is). Where storage is blocked nothing is kept and nothing fails.
 * @typedef {import('./model/progress.js').Kept} Kept
 */
import { BOOKMARKS, DRIVEN, REPLIES, VISITS } from './model/kept_keys.js';
import { nothingKept, visitIn, visited } from './model/progress.js';
import { repliesIn } from './model/questions.js';
import { readKept, writeKept } from './theme.js';

const PROBE = 'vmviz-probe';
const SESSIONS = 'vmviz-session-';
/** A position that comes and goes while a run plays is written this often. */
const WRITE_MS = 500;

/** Whether this browser keeps anything for us. */
export function canKeep() {
  try {
    localStorage.setItem(PROBE, '1');
    localStorage.removeItem(PROBE);
    return true;
  } catch { return false; }
}

/** Keeps what a learner does on a lesson's page. @param {import('./store.js').Store} store @param {import('./types').Boot} boot */
export function keepProgress(store, { lesson, variant }) {
  let visit = visitIn(readKept(VISITS + lesson));
  let timer = 0;
  const write = () => {
    clearTimeout(timer);
    timer = 0;
    writeKept(VISITS + lesson, JSON.stringify(visit));
  };
  store.subscribe((state, before) => {
    if (!state.scene || state.fork || state.connection !== 'open') return;
    if (visit && state.position === before.position && state.replies === before.replies && state.connection === before.connection) return;
    visit = visited(visit, state, { when: Date.now(), variant });
    timer ||= window.setTimeout(write, WRITE_MS);
  });
  const leave = () => timer && write();
  window.addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', leave);
}

/** What is kept of each lesson, by the name under which it is kept. @returns {Map<string, Kept>} */
export function allKept() {
  /** @type {Map<string, Kept>} */
  const all = new Map();
  const of = (/** @type {string} */ name) => all.get(name) ?? (all.set(name, nothingKept()), /** @type {Kept} */ (all.get(name)));
  for (const key of keysOf('localStorage', [VISITS, REPLIES, BOOKMARKS])) {
    const text = readKept(key);
    if (key.startsWith(VISITS)) of(key.slice(VISITS.length)).visit = visitIn(text);
    else if (key.startsWith(REPLIES)) of(key.slice(REPLIES.length)).replies = repliesIn(text);
    else of(key.slice(BOOKMARKS.length)).bookmarks = (text ?? '').split(' ').filter(Boolean);
  }
  return all;
}

/** Keeps all of it, or, where there is no room, nothing of it. @param {Map<string, Kept>} all @returns {boolean} */
export function keepAll(all) {
  /** @type {[string, string | null][]} */
  const before = [];
  try {
    for (const [name, { visit, replies, bookmarks }] of all) {
      for (const [key, text] of [[VISITS + name, visit && JSON.stringify(visit)], [REPLIES + name, Object.keys(replies).length ? JSON.stringify(replies) : null],
        [BOOKMARKS + name, bookmarks.join(' ') || null]]) {
        if (!key || !text) continue;
        before.push([key, localStorage.getItem(key)]);
        localStorage.setItem(key, text);
      }
    }
    return true;
  } catch {
    for (const [key, text] of before.reverse()) {
      if (text === null) removeKept('localStorage', key);
      else writeKept(key, text);
    }
    return false;
  }
}

/** Forgets where the learner was, what was answered and marked; settings stay. */
export function forgetAll() {
  for (const key of keysOf('localStorage', [VISITS, REPLIES, BOOKMARKS, DRIVEN])) removeKept('localStorage', key);
  for (const key of keysOf('sessionStorage', [SESSIONS])) removeKept('sessionStorage', key);
}

/** @param {'localStorage' | 'sessionStorage'} where @param {string[]} beginnings */
function keysOf(where, beginnings) {
  try { return Object.keys(window[where]).filter((key) => beginnings.some((beginning) => key.startsWith(beginning))); } catch { return []; }
}

/** @param {'localStorage' | 'sessionStorage'} where @param {string} key */
function removeKept(where, key) {
  try { window[where].removeItem(key); } catch { /* what is blocked has nothing to forget */ }
}
