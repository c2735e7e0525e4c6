/**
 * A player in a page: puts store, socket, clock, keys and views together. Data flows one way: socket to store to views; intent flows back
 * as commands. What a page adds of its own (its address, its host) it adds by `parts`.
 */
import { answerQuestions } from './ask.js';
import { more, words } from './catalogue.js';
import { createClock } from './clock.js';
import { createCommands } from './commands.js';
import { keptName, positionInHash } from './model/address.js';
import { driven, pointHere } from './model/drive.js';
import { failedCheck } from './model/checks.js';
import { levelNamed } from './model/level.js';
import { BOOKMARKS, REPLIES } from './model/kept_keys.js';
import { commandFor } from './model/keys.js';
import { compare, formatPosition, parsePosition } from './model/position.js';
import { LARGER } from './model/room.js';
import { questionHere, repliesIn } from './model/questions.js';
import { liveSentence } from './model/sentences.js';
import { vmcsAddresses } from './model/selectors.js';
import { createLooks } from './looks.js';
import { connect } from './socket.js';
import { createStore, initialState } from './store.js';
import { listenToSwipes } from './swipe.js';
import { LARGE, readKept, writeKept } from './theme.js';
import { drawPlayer } from './view/player.js';
import { focusKind } from './view/focus.js';
import { createAnnouncer } from './view/live.js';
import { showMotion } from './view/motion.js';

const LETTERS = 'vmviz-letters';
const LEVEL = 'vmviz-view';
const SEED = 'vmviz-seed';
/** How long a notice stands, from when it was last given. */
const NOTICE_MS = 4000;

/** What the page was given to start from. */
export const boot = /** @type {import('./types').Boot} */ (JSON.parse(document.getElementById('vmviz-boot')?.textContent ?? '{}'));
export const t = words(boot.lang);

/**
 * @param {{theme: import('./types').Theme, keep: boolean, share?: (store: import('./store.js').Store) => void, onward?: import('./view/player.js').Context['onward'], arrived?: () => void,
 *   before?: () => void, levelled?: (level: import('./model/level.js').Level) => void, drives?: (on: boolean) => void}} parts  `keep`: the session and settings stay in the browser; `arrived`: a position was drawn;
 *   `before`: comes before every command; `onward`: what stands at the lesson's end; `levelled`: the picture
 *   is closer, or less close; `drives`: the learner drives, or no longer
 */
export function startPlayer({ theme, keep, share = () => {}, onward, arrived = () => {}, before: first = () => {}, levelled = () => {}, drives = () => {} }) {
  const large = keep && readKept(LARGE) === 'on';
  const store = createStore({ ...initialState(boot), theme, letters: !keep || readKept(LETTERS) !== 'off', ...sizes(large),
    large, level: levelNamed(new URLSearchParams(location.search).get('view')) ?? (keep ? levelNamed(readKept(LEVEL)) : null) ?? 'auto', bookmarks: keep ? bookmarksIn(readKept(BOOKMARKS + keptName(boot))) : [],
    replies: keep ? repliesIn(readKept(REPLIES + keptName(boot))) : {}, seed: seed(keep) });
  const clock = createClock();
  const announce = createAnnouncer(/** @type {HTMLElement} */ (document.getElementById('live')));
  const host = /** @type {HTMLElement} */ (document.getElementById('player'));
  const link = connect(boot, store, positionInHash(location.hash), keep);
  const commands = createCommands({ store, link, clock, t, boot, keep, share: () => share(store) });
  const run = (/** @type {string} */ name, /** @type {any} */ argument = undefined) => {
    first();
    commands.run(name, argument);
  };

  createLooks({ store, link });
  let noticed = 0;
  answerQuestions(() => ({ state: store.state, boot, t, run }));

  store.subscribe((state, before) => {
    clock.finish();
    document.documentElement.classList.toggle('large', state.large);
    drawPlayer(host, { state, boot, t, run, onward });
    if (state.scene && (state.position !== before.position || state.scene !== before.scene)) {
      if (before.scene && clock.moves) showMotion(host, clock, before, state, t);
      announce(spoken(state), !state.playing);
      arrived();
    } else if (before.playing && !state.playing) announce(spoken(state), true);
    if (keep && state.bookmarks !== before.bookmarks) writeKept(BOOKMARKS + keptName(boot), state.bookmarks.map(formatPosition).join(' '));
    if (keep && state.replies !== before.replies) writeKept(REPLIES + keptName(boot), JSON.stringify(state.replies));
    // What is said to an answer, and a hint, may stand below what the card shows.
    if (state.replies !== before.replies) requestAnimationFrame(() => [...host.querySelectorAll('.question-hint, .verdict')].at(-1)?.scrollIntoView({ block: 'nearest' }));
    if (state.large !== before.large) {
      if (keep) writeKept(LARGE, state.large ? 'on' : 'off');
      store.update(sizes(state.large));
    }
    if (state.level !== before.level) {
      if (keep) writeKept(LEVEL, state.level);
      levelled(state.level);
    }
    if (Boolean(state.drive) !== Boolean(before.drive)) drives(Boolean(state.drive));
    if (keep && state.letters !== before.letters) writeKept(LETTERS, state.letters ? 'on' : 'off');
    if (state.notice && (state.notice !== before.notice || state.drive?.reminded !== before.drive?.reminded)) {
      clearTimeout(noticed);
      noticed = window.setTimeout(() => store.update({ notice: '' }), NOTICE_MS);
    }
  });
  /** Where a first VMCS appears, the VMCS tab turns to the one the program works with. */
  store.subscribe(({ scene, vmcs }) => {
    if (vmcs && scene && !vmcsAddresses(scene).includes(vmcs)) store.update({ vmcs: '' });
  });

  /** The rules of VM entry: for lessons in which one is broken, and where one is in a run that goes on otherwise. */
  let rules = false;
  store.subscribe((state) => {
    if (rules || state.connection !== 'open' || !(state.outline.failures?.length || failedCheck(state))) return;
    rules = true;
    more('checks', boot.lang).then(() => {
      commands.run('redraw');
      if (failedCheck(store.state)) announce(spoken(store.state), true);
    }, () => { rules = false; });
  });

  document.addEventListener('keydown', (event) => {
    const { state } = store;
    const command = commandFor(event, { letters: state.letters, focus: focusKind(event), modal: Boolean(document.querySelector('dialog[open]')) });
    if (!command || (command === 'close' && !(state.blank || state.notice || state.error))) return;
    event.preventDefault();
    if (!event.repeat || !commands.behind) run(command);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') commands.run('pause');
  });
  window.addEventListener('resize', () => store.update(sizes(store.state.large)));
  listenToSwipes(host, run);
  if (new URLSearchParams(location.search).get('drive') === '1') run('drive', true);
  return { store, run };
}

/** What a screen reader says of a position; a question that is asked there too. @param {import('./types').State} state */
function spoken(state) {
  const asked = questionHere(state);
  const title = asked && boot.text.questions?.[asked.id]?.title;
  const point = pointHere(state);
  if (point && !driven(state, point.id)) return `${liveSentence(state, t)} ${t('drive.spoken')}`;
  return title ? `${liveSentence(state, t)} ${t('question.spoken', { title })}` : liveSentence(state, t);
}

/** The address's number, else one of this browser: neighbours see the answers of a question in other orders. @param {boolean} keep */
function seed(keep) {
  if (boot.seed) return boot.seed;
  const known = Number(keep ? readKept(SEED) : 0);
  const number = known > 0 ? known : 1 + Math.floor(Math.random() * 2 ** 31);
  if (keep && !known) writeKept(SEED, String(number));
  return number;
}

/** The room there is, in the pixels that the page counts in. @param {boolean} large */
function sizes(large) {
  const unit = large ? LARGER : 1;
  return { width: innerWidth / unit, height: innerHeight / unit };
}

/** Bookmarks as they were kept; what is no position is left out. @param {string | null} kept */
function bookmarksIn(kept) {
  return (kept ?? '').split(' ').map(parsePosition).filter((mark) => mark !== null);
}

/** Goes where an address asks, if that is elsewhere; whether it names a place. @param {ReturnType<typeof startPlayer>} player */
export function goToHash({ store, run }) {
  const wanted = positionInHash(location.hash);
  if (wanted && compare(wanted, store.state.position)) run('seek', wanted);
  return Boolean(wanted);
}
