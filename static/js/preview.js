/**
 * The page of a lesson that somebody writes: says how `lesson check` goes, and loads the page again when a file has changed. The place is in
 * the address, so it stays.
 */
import '../css/preview.css';

const EVERY = 700; // ms

const line = /** @type {HTMLElement} */ (document.getElementById('preview'));
const { from = '', version = '', gone = '' } = line.dataset;

/** @param {string} words @param {boolean} wrong */
function say(words, wrong) {
  if (line.textContent !== words) line.textContent = words;
  line.classList.toggle('wrong', wrong);
}

async function look() {
  try {
    const answer = await fetch(from);
    const state = /** @type {{version: string, said: string, trouble?: string}} */ (await answer.json());
    if (state.version !== version) {
      location.reload();
      return;
    }
    say(state.trouble ?? state.said, state.trouble !== undefined);
  } catch {
    say(gone, true); // the server has ended, or is about to start again
  }
  setTimeout(look, EVERY);
}

look();
