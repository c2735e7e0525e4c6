/**
 * The connection: opens the lesson, sends commands, hands frames to the store. Comes back by itself after a lost connection or a
 * restarted server, at the step where the learner was. docs/protocol.md is the contract.
 * @typedef {import('./types').Position} Position
 * @typedef {{ok: boolean, error?: {code: string, params?: Record<string, unknown>}, [key: string]: any}} Ack
 */
import { keptName } from './model/address.js';
import { formatPosition } from './model/position.js';
import { afterFrame, whatChanged } from './store.js';

const ANSWER_MS = 8000;
const RETRY_MS = 3000;
const PAINT_MS = 100;

/** @param {import('./types').Boot} boot @param {import('./store.js').Store} store @param {Position | null} at @param {boolean} keep  whether this tab remembers the session */
export function connect(boot, store, at, keep) {
  /** Loaded beside the first picture, which does not need it. @type {import('socket.io-client').Socket | undefined} */
  let socket;
  const kept = keep ? sessionKept(keptName(boot)) : { read: () => '', write: () => {} };
  let session = kept.read();
  let opened = false;
  /** Ends when the lesson is open: what is asked before waits for that. */
  let known = () => {};
  const ready = /** @type {Promise<void>} */ (new Promise((resolve) => { known = resolve; }));
  if (!session) firstPicture(boot, store, at);

  /** @param {string} command @param {unknown} argument @returns {Promise<Ack>} */
  const emit = (command, argument) => new Promise((resolve) => {
    socket?.timeout(ANSWER_MS).emit(command, argument, (/** @type {Error | null} */ failed, /** @type {Ack} */ ack) => (
      resolve(failed ? { ok: false, error: { code: socket?.connected ? 'timeout' : 'lost' } } : ack)));
  });

  /** Shows what an `open` or a `fork` answers. @param {Ack} ack @param {Partial<import('./types').State>} [more] */
  function show(ack, more = {}) {
    const { position, scene, events } = ack.snapshot;
    store.update(whatChanged(store.state, { connection: 'open', error: null, length: ack.length, outline: ack.outline ?? store.state.outline, listing: ack.listing ?? store.state.listing,
      position, scene, events, breakpoints: ack.breakpoints ?? [], hits: ack.hits ?? [], playing: false, ...more }));
  }

  /** Opens the lesson; after a lost connection where the learner was, what was changed included. */
  async function open() {
    const { fork, position } = store.state;
    if (!opened || !fork) return openLesson(opened ? position : at);
    await openLesson(fork.at);
    await goOn(fork);
    await emit('seek', position);
  }

  /** The run that goes on otherwise from where the session is. @param {NonNullable<import('./types').State['fork']>} fork */
  async function goOn(fork) {
    for (const changes of fork.changes) {
      const ack = await emit('fork', { changes });
      if (!ack.ok) return store.update({ error: ack.error ?? { code: 'internal' } });
      show(ack, { fork });
    }
  }

  /** @param {Position | null} where */
  async function openLesson(where) {
    const ack = await emit('open', { lesson: boot.lesson, seed: boot.seed, ...(where ? { at: where } : {}), ...(session ? { session } : {}) });
    if (!ack.ok) return store.update({ error: ack.error ?? { code: 'internal' } });
    opened = true;
    known();
    session = ack.session;
    kept.write(session);
    show(ack, { fork: null });
  }

  async function begin() {
    const library = await import('./connection.js').catch(() => null);
    if (!library) {
      store.update({ connection: 'lost' });
      setTimeout(begin, RETRY_MS);
      return;
    }
    socket = library.io({ path: `${boot.prefix}/socket.io`, transports: ['websocket', 'polling'], tryAllTransports: true, reconnectionDelay: 300, reconnectionDelayMax: RETRY_MS });
    socket.on('connect', open);
    socket.on('disconnect', (reason) => {
      if (store.state.connection !== 'taken' && reason !== 'io client disconnect') store.update({ connection: 'lost', playing: false });
      if (reason === 'io server disconnect' && store.state.connection !== 'taken') socket?.connect();
    });
    socket.on('connect_error', () => {
      if (store.state.connection !== 'taken') store.update({ connection: 'lost', playing: false });
    });
    socket.on('frame', (frame, ack) => {
      const patch = afterFrame(store.state, frame);
      if (patch) store.update(patch);
      else if (opened) emit('seek', frame.position);
      drawn(ack);
    });
    socket.on('snapshot', ({ position, length, scene, events }, ack) => {
      store.update({ position, length, scene, events });
      drawn(ack);
    });
    socket.on('playing', ({ rate }) => store.update({ playing: rate > 0 }));
    socket.on('recording', ({ length }) => store.update({ length }));
    socket.on('closed', ({ reason }) => store.update(reason === 'taken' ? { connection: 'taken', playing: false } : { error: { code: 'closed' }, playing: false }));
  }
  begin();

  return {
    goOn,
    /** Back to the lesson as it is. @param {Position} where */
    back: openLesson,
    /** Ends the connection for good. */
    close: () => socket?.disconnect(),
    /** Sends a command; a refusal is shown. @param {string} command @param {unknown} [argument] */
    async send(command, argument = {}) {
      if (!opened) await Promise.race([ready, new Promise((late) => { setTimeout(late, ANSWER_MS); })]);
      if (!opened || !socket?.connected || store.state.connection === 'taken') return { ok: false, error: { code: 'lost' } };
      const ack = await emit(command, argument);
      if (!ack.ok) store.update({ error: ack.error ?? { code: 'internal' } });
      else if (store.state.error) store.update({ error: null });
      return ack;
    },
  };
}
/** @typedef {ReturnType<typeof connect>} Link */

/** The picture of where the page begins, without waiting for the connection. @param {import('./types').Boot} boot @param {import('./store.js').Store} store @param {Position | null} at */
async function firstPicture(boot, store, at) {
  await wordsPainted();
  let snapshot = boot.start;
  if (at && (at.step || at.phase)) {
    const answer = await fetch(`${boot.prefix}/api/lessons/${encodeURIComponent(boot.lesson)}/snapshot?at=${formatPosition(at)}&seed=${boot.seed}`).catch(() => null);
    snapshot = answer?.ok ? await answer.json() : undefined;
  }
  if (snapshot && !store.state.scene) store.update(snapshot);
}

/** Ends when the words that came with the page are on the screen, or shortly after when they are not (a page that nobody looks at is not painted). */
async function wordsPainted() {
  const painted = performance.getEntriesByName('first-contentful-paint').length > 0;
  await new Promise((go) => {
    setTimeout(go, painted ? 0 : PAINT_MS);
    if (painted) return;
    try { new PerformanceObserver(go).observe({ type: 'paint', buffered: true }); } catch { /* the browser does not tell */ }
  });
}

/** Acknowledges a frame once it is on the screen. @param {(() => void) | undefined} ack */
function drawn(ack) {
  if (typeof ack === 'function') requestAnimationFrame(() => ack());
}

/** The session's id for this tab; a sandboxed frame has no storage and does without. @param {string} lesson */
function sessionKept(lesson) {
  const key = `vmviz-session-${lesson}`;
  return {
    read() { try { return sessionStorage.getItem(key) ?? ''; } catch { return ''; } },
    /** @param {string} id */
    write(id) { try { sessionStorage.setItem(key, id); } catch { /* no storage: the session lives as long as the page */ } },
  };
}
