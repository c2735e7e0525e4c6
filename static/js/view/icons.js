/** The shapes of the transport, 16 by 16. */
import { html } from 'lit-html';

const icon = (/** @type {string} */ path) => html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${path}></path></svg>`;

export const ICONS = {
  bookmark: icon('M4 1.500h8v13L8 11l-4 3.500z'),
  branch: icon('M3 1.500a2 2 0 0 1 1 3.700v2.100l5.600-1.200V5.200a2 2 0 1 1 1.700 0v2.200L4 9v1.800a2 2 0 1 1-1.700 0V5.200A2 2 0 0 1 3 1.500z'),
  first: icon('M2.4 2h1.6v12H2.4zM14 2 5 8l9 6z'),
  back: icon('M12 2 4 8l8 6z'),
  play: icon('M4 2 14 8 4 14z'),
  pause: icon('M3.5 2h3.2v12H3.5zM9.3 2h3.2v12H9.3z'),
  forward: icon('M4 2l8 6-8 6z'),
  wheel: html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="1.500" d="M1.500 8a6.500 6.500 0 1 0 13 0a6.500 6.500 0 1 0-13 0M6 8a2 2 0 1 0 4 0a2 2 0 1 0-4 0M1.500 7.500H6M10 7.500h4.500M8 10v4.500"></path></svg>`,
  last: icon('M12 2h1.6v12H12zM2 2l9 6-9 6z'),
};
