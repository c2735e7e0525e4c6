/**
 * The lesson player: puts store, socket, clock, keys and views together. Data flows one way: socket to store to views; intent flows back
 * as commands. Knows of everybody; nobody knows of it.
 */
import { words } from './catalogue.js';
import { createClock } from './clock.js';
import { createCommands } from './commands.js';
import { hashOf, positionInHash } from './model/address.js';
import { commandFor } from './model/keys.js';
import { compare, formatPosition } from './model/position.js';
import { liveSentence } from './model/sentences.js';
import { connect } from './socket.js';
import { createStore, initialState } from './store.js';
import { keepPlaceInLanguageLinks, readKept, themeButton, writeKept } from './theme.js';
import { drawPlayer } from './view/player.js';
import { focusKind } from './view/focus.js';
import { createAnnouncer } from './view/live.js';
import { showMotion } from './view/motion.js';
import { vmcsAddresses } from './model/selectors.js';

const LETTERS = 'vmviz-letters';
/** The address is rewritten at most twice a second: browsers refuse more. */
const ADDRESS_MS = 500;

const boot = /** @type {import('./types').Boot} */ (JSON.parse(document.getElementById('vmviz-boot')?.textContent ?? '{}'));
const t = words(boot.lang);
const store = createStore(initialState(boot));
const clock = createClock();
const announce = createAnnouncer(/** @type {HTMLElement} */ (document.getElementById('live')));
const host = /** @type {HTMLElement} */ (document.getElementById('player'));
const link = connect(boot, store, positionInHash(location.hash));
const commands = createCommands({ store, link, clock, share });
store.update({ theme: themeButton(), letters: readKept(LETTERS) !== 'off', width: innerWidth, height: innerHeight });
keepPlaceInLanguageLinks();

function share() {
  const position = formatPosition(store.state.position);
  const url = new URL(hashOf(store.state.position), location.href).href;
  history.replaceState(null, '', url);
  addressKnown = location.hash;
  const done = (/** @type {string} */ key) => store.update({ notice: t(key, { position }) });
  if (!navigator.clipboard) return done('player.copy_failed');
  navigator.clipboard.writeText(url).then(() => done('player.copied'), () => done('player.copy_failed'));
}

store.subscribe((state, before) => {
  clock.finish();
  drawPlayer(host, { state, boot, t, run: commands.run });
  if (state.scene && (state.position !== before.position || state.scene !== before.scene)) {
    if (before.scene && clock.moves) showMotion(host, clock, before, state);
    announce(liveSentence(state, t), !state.playing);
    writeAddress();
  } else if (before.playing && !state.playing) announce(liveSentence(state, t), true);
  if (state.letters !== before.letters) writeKept(LETTERS, state.letters ? 'on' : 'off');
  if (state.notice && state.notice !== before.notice) setTimeout(() => store.state.notice === state.notice && store.update({ notice: '' }), 4000);
});

/** Where a first VMCS appears, the VMCS tab turns to the one the program works with. */
store.subscribe(({ scene, vmcs }) => {
  if (vmcs && scene && !vmcsAddresses(scene).includes(vmcs)) store.update({ vmcs: '' });
});

let addressDue = 0;
let addressTimer = 0;
/** The hash as we last wrote or read it: another one was written by the learner. */
let addressKnown = location.hash;
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
  const wanted = positionInHash(location.hash);
  if (wanted && compare(wanted, store.state.position)) commands.run('seek', wanted);
  return Boolean(wanted);
}
window.addEventListener('hashchange', readAddress);

document.addEventListener('keydown', (event) => {
  const { state } = store;
  const command = commandFor(event, { letters: state.letters, focus: focusKind(event), modal: state.help || state.goTo });
  if (!command || (command === 'close' && !(state.blank || state.notice || state.error))) return;
  event.preventDefault();
  readAddress();
  commands.run(command);
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') commands.run('pause');
});
document.getElementById('share')?.addEventListener('click', () => commands.run('share'));
window.addEventListener('resize', () => store.update({ width: innerWidth, height: innerHeight }));
