/**
 * The page of a lesson: a player whose address is always a link to the present step.
 */
import { hashOf } from './model/address.js';
import { formatPosition } from './model/position.js';
import { keepProgress } from './progress_kept.js';
import { boot, goToHash, startPlayer, t } from './start.js';
import { headerMenus, themeButton } from './theme.js';
import { lazily } from './view/lazy.js';
import { stopsAround } from './model/selectors.js';

/** The address is rewritten at most twice a second: browsers refuse more. */
const ADDRESS_MS = 500;

let addressDue = 0;
let addressTimer = 0;
/** The hash as we last wrote or read it: another one was written by the learner. */
let addressKnown = location.hash;

const player = startPlayer({ theme: themeButton(), keep: true, share, onward, arrived: writeAddress, before: readAddress, levelled: (level) => writeQuery('view', level === 'auto' ? '' : level), drives: (on) => writeQuery('drive', on ? '1' : '') });
const { store, run } = player;
keepProgress(store, boot);
headerMenus();

/** At the last stop and behind it: the next lesson, and the way back. @param {import('./view/player.js').Context} context */
function onward(context) {
  const { state } = context;
  if (!state.scene || state.fork || stopsAround(state).next) return undefined;
  return lazily('onward', async () => (await import('./view/onward.js')).onward, context);
}

/** @param {import('./store.js').Store} store */
function share(store) {
  const position = formatPosition(store.state.position);
  const url = new URL(hashOf(store.state.position), location.href).href;
  history.replaceState(null, '', url);
  addressKnown = location.hash;
  const done = (/** @type {string} */ key) => store.update({ notice: t(key, { position }) });
  if (!navigator.clipboard) return done('player.copy_failed');
  navigator.clipboard.writeText(url).then(() => done('player.copied'), () => done('player.copy_failed'));
}

/** How close the picture is belongs to the address, unless it follows the step; and whether the learner drives. @param {'view' | 'drive'} key @param {string} value */
function writeQuery(key, value) {
  const url = new URL(location.href);
  if (value) url.searchParams.set(key, value);
  else url.searchParams.delete(key);
  history.replaceState(null, '', url);
}

function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = window.setTimeout(() => {
    if (readAddress()) return;
    addressDue = performance.now() + ADDRESS_MS;
    const hash = hashOf(store.state.position);
    if (location.hash !== hash) history.replaceState(null, '', hash);
    addressKnown = location.hash;
  }, Math.max(0, addressDue - performance.now()));
}
/** Goes where the learner's own change of the address says; whether there was one. */
function readAddress() {
  if (location.hash === addressKnown) return false;
  addressKnown = location.hash;
  return goToHash(player);
}
window.addEventListener('hashchange', readAddress);
document.getElementById('share')?.addEventListener('click', () => run('share'));
/** What few ask for is loaded when they do. */
document.getElementById('embed')?.addEventListener('click', async () => (await import('./view/embed_dialog.js')).embedDialog({ boot, t, state: store.state }));
document.getElementById('export')?.addEventListener('click', async () => (await import('./view/export_dialog.js')).exportDialog({ boot, t, state: store.state }));
/** The narrow header has them in a menu. */
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('button[data-as]'))) {
  button.addEventListener('click', () => document.getElementById(button.dataset.as ?? '')?.click());
}
