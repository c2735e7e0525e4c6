/**
 * The lesson in a frame of another page: a player that keeps nothing in the browser, never rewrites its address, and speaks with the
 * page around it (docs/embedding.md).
 */
import { boot, goToHash, startPlayer, t } from './start.js';
import { hashOf } from './model/address.js';
import { createChannel } from './host/channel.js';
import { naturalHeight } from './host/height.js';
import { stopHere } from './model/selectors.js';
import { liveSentence } from './model/sentences.js';
import { applyTheme } from './theme.js';

const MOVES = /** @type {Record<string, string>} */ ({ next: 'stepForward', previous: 'stepBack', nextStop: 'nextStop', previousStop: 'previousStop',
  nextExit: 'nextExit', previousExit: 'previousExit', restart: 'restart' });
const THEMES = ['auto', 'light', 'dark', 'contrast'];

const player = startPlayer({ theme: boot.theme, keep: false, arrived });
const { store, run } = player;
const channel = createChannel({ window, origins: boot.embed?.origins ?? [], greet, methods: {
  seek({ step, phase = 0 }) {
    if (!Number.isInteger(step) || !Number.isInteger(phase) || step < 0 || phase < 0) return 'bad_arguments';
    run('seek', { step, phase });
  },
  play: () => store.state.playing || run('togglePlay'),
  pause: () => run('pause'),
  theme({ theme }) {
    if (!THEMES.includes(theme)) return 'bad_arguments';
    applyTheme(theme);
  },
  prepared: () => channel.tell('resize', { height: naturalHeight() }),
  ...Object.fromEntries(Object.entries(MOVES).map(([name, command]) => [name, () => run(command)])),
} });

/** The page around said hello (it may do so again): from now on the frame is as high as what it shows. */
function greet() {
  const first = !document.documentElement.classList.contains('natural');
  document.documentElement.classList.add('natural');
  if (store.state.scene) ready(first);
}

let told = false;
function ready(prepare = true) {
  told = true;
  const { position, length, outline } = store.state;
  channel.tell('ready', { lesson: boot.lesson, lang: boot.lang, length, step: position.step, phase: position.phase, stops: outline.stops });
  if (prepare) channel.tell('prepare', { height: naturalHeight() });
}

let completed = false;
function arrived() {
  if (!told) ready();
  const { state } = store;
  const { step, phase } = state.position;
  /** @type {HTMLAnchorElement} */ (document.getElementById('open-full')).hash = hashOf(state.position);
  channel.tell('stepchanged', { step, phase, length: state.length, stop: stopHere(state)?.id, sentence: liveSentence(state, t) });
  if (!phase) {
    for (const { type, vm, reason, name, kind } of state.events) {
      if (type === 'vm_entry') channel.tell('transition', { step, transition: 'entry', kind, vm });
      else if (type === 'vm_exit' || type === 'entry_failed') channel.tell('transition', { step, transition: type === 'vm_exit' ? 'exit' : 'failed', reason, name, vm });
    }
  }
  if (!completed && step >= state.length) {
    completed = true;
    channel.tell('completed', { step });
  }
}

store.subscribe(({ error, connection }, before) => {
  if (error && error !== before.error) channel.tell('error', { code: error.code, params: error.params ?? {} });
  if (connection === 'lost' && before.connection !== 'lost') channel.tell('error', { code: 'lost', params: {} });
});
window.addEventListener('hashchange', () => goToHash(player));

/** Words of the next step may need more room than those before; a frame grows at once and shrinks when its width has changed. */
let width = innerWidth;
let height = 0;
new ResizeObserver(() => {
  if (!document.documentElement.classList.contains('natural')) return;
  const needed = naturalHeight();
  if (innerWidth !== width) {
    width = innerWidth;
    height = 0;
    channel.tell('prepare', { height: needed });
  } else if (needed > height) channel.tell('resize', { height: needed });
  height = Math.max(height, needed);
}).observe(/** @type {HTMLElement} */ (document.getElementById('player')));
