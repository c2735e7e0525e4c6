/**
 * The end of a lesson: the next one, and the way back to the course. The server says where that is, in words.
 */
import { html, nothing } from 'lit-html';

/** @param {import('./player.js').Context} context */
export function onward({ boot }) {
  if (!boot.onward) return nothing;
  const { title, next, last, course } = boot.onward;
  return html`<nav class="question-buttons onward" aria-label=${title}>
    ${next ? html`<a class="btn go" href=${next.url}>${next.words}</a>` : html`<span>${last}</span>`}
    <a class="btn" href=${course.url}>${course.words}</a></nav>`;
}
