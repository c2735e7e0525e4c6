/** The shapes of the transport, 16 by 16. */
import { html } from 'lit-html';

const icon = (/** @type {string} */ path) => html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${path}></path></svg>`;

export const ICONS = {
  first: icon('M2.4 2h1.6v12H2.4zM14 2 5 8l9 6z'),
  back: icon('M12 2 4 8l8 6z'),
  play: icon('M4 2 14 8 4 14z'),
  pause: icon('M3.5 2h3.2v12H3.5zM9.3 2h3.2v12H9.3z'),
  forward: icon('M4 2l8 6-8 6z'),
  last: icon('M12 2h1.6v12H12zM2 2l9 6-9 6z'),
};
