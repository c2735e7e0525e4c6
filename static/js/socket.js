/**
 * The connection: opens the lesson, sends commands, hands frames to the store. Comes back by itself after a lost connection or a
 * restarted server, at the step where the learner was. docs/protocol.md is the contract.
 * @typedef {import('./types').Position} Position
 * @typedef {{ok: boolean, error?: {code: string, params?: Record<string, unknown>}, [key: string]: any}} Ack
 */
import { io } from 'socket.io-client';
import { afterFrame } from './store.js';

const ANSWER_MS = 8000;

/** @param {import('./types').Boot} boot @param {import('./store.js').Store} store @param {Position | null} at */
export function connect(boot, store, at) {
  const socket = io({ path: `${boot.prefix}/socket.io`, transports: ['websocket', 'polling'], tryAllTransports: true, reconnectionDelay: 300, reconnectionDelayMax: 3000 });
  const kept = sessionKept(boot.lesson);
  let session = kept.read();
  let opened = false;

  /** @param {string} command @param {unknown} argument @returns {Promise<Ack>} */
  const emit = (command, argument) => new Promise((resolve) => {
    socket.timeout(ANSWER_MS).emit(command, argument, (/** @type {Error | null} */ failed, /** @type {Ack} */ ack) => (
      resolve(failed ? { ok: false, error: { code: socket.connected ? 'timeout' : 'lost' } } : ack)));
  });

  async function open() {
    const where = opened ? store.state.position : at;
    const ack = await emit('open', { lesson: boot.lesson, ...(where ? { at: where } : {}), ...(session ? { session } : {}) });
    if (!ack.ok) return store.update({ error: ack.error ?? { code: 'internal' } });
    opened = true;
    session = ack.session;
    kept.write(session);
    const { position, scene, events } = ack.snapshot;
    store.update({ connection: 'open', error: null, length: ack.length, outline: ack.outline ?? store.state.outline, listing: ack.listing ?? store.state.listing,
      position, scene, events, playing: false });
  }

  socket.on('connect', open);
  socket.on('disconnect', (reason) => {
    if (store.state.connection !== 'taken' && reason !== 'io client disconnect') store.update({ connection: 'lost', playing: false });
    if (reason === 'io server disconnect' && store.state.connection !== 'taken') socket.connect();
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

  return {
    /** Sends a command; a refusal is shown. @param {string} command @param {unknown} [argument] */
    async send(command, argument = {}) {
      if (!opened || !socket.connected || store.state.connection === 'taken') return { ok: false, error: { code: 'lost' } };
      const ack = await emit(command, argument);
      if (!ack.ok) store.update({ error: ack.error ?? { code: 'internal' } });
      else if (store.state.error) store.update({ error: null });
      return ack;
    },
  };
}
/** @typedef {ReturnType<typeof connect>} Link */

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
