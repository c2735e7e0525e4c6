/**
 * The script of the learner who drives: turns it on and off, sends answers to the machine, and keeps how it went. Loaded when somebody drives; its
 * words come with it.
 * @typedef {{store: import('./store.js').Store, link: import('./socket.js').Link, boot: import('./types').Boot, keep: boolean}} Parts
 */
import { more } from './catalogue.js';
import { keptName } from './model/address.js';
import { driven } from './model/drive.js';
import { DRIVEN } from './model/kept_keys.js';
import { onItsWay } from './on_its_way.js';
import { readKept, writeKept } from './theme.js';

const SEEDS = 1_000_000;
/** @type {import('./types').DriveReply} */
const UNANSWERED = { given: '', tries: 0, right: false, about: '', answer: '', seen: null };
/** @type {Promise<unknown> | undefined} */
let words;
let followed = false;
/** Counts what was wished: what an earlier wish is answered comes too late. */
let wishes = 0;
const send = onItsWay();

/** @param {Parts} parts @param {boolean | 'again' | {id: string, given?: string}} wish  on or off, all from the beginning, or an answer; without `given` to be shown it */
export async function drive(parts, wish) {
  if (typeof wish === 'object') return answer(parts, wish);
  if (wish === 'again') return ask(parts, {});
  const { store, link, boot } = parts;
  wishes += 1;
  if (!wish) {
    store.update({ drive: null });
    await link.send('drive', { on: false });
    return;
  }
  words ??= more('drive', boot.lang);
  await words.catch(() => { words = undefined; });
  const replies = kept(parts);
  follow(parts);
  await ask(parts, replies);
}

/** What there is to say at which places; a play waits there. @param {Parts} parts @param {Record<string, import('./types').DriveReply>} replies */
async function ask({ store, link }, replies) {
  const answered = Object.keys(replies).filter((id) => replies[id].right || replies[id].answer);
  const mine = wishes;
  const ack = await link.send('drive', { seed: store.state.seed % SEEDS, answered });
  if (ack.ok && mine === wishes) store.update({ drive: { points: ack.points, replies, reminded: store.state.drive?.reminded ?? 0 } });
}

/** @param {Parts} parts @param {{id: string, given?: string}} wish */
async function answer({ store, link }, { id, given }) {
  /** @param {Partial<import('./types').DriveReply>} change @param {Partial<import('./types').State>} [more] */
  const reply = (change, more = {}) => {
    const { drive: now } = store.state;
    if (now) store.update({ ...more, drive: { ...now, replies: { ...now.replies, [id]: { ...(now.replies[id] ?? UNANSWERED), ...change } } } });
  };
  const sent = await send(id, given, () => {
    if (given) reply({ given, about: '' });
    return link.send('drive', { seed: store.state.seed % SEEDS, point: id, ...(given ? { given } : {}) });
  });
  if (!sent?.ack.ok || driven(store.state, id)) return;
  const { ack, latest } = sent;
  const tries = (store.state.drive?.replies[id]?.tries ?? 0) + (given ? 1 : 0);
  if (latest || ack.right) reply({ given: given ?? '', tries, right: ack.right, about: ack.about, seen: ack.answered, answer: ack.answer ?? '' }, { notice: '' });
  else reply({ tries });
}

/** Keeps what was answered; asks again where the server no longer knows; leads to the question who went on without an answer. @param {Parts} parts */
function follow(parts) {
  if (followed) return;
  followed = true;
  const { store, boot, keep } = parts;
  store.subscribe((state, before) => {
    const { drive: now } = state;
    if (!now) return;
    if (keep && now.replies !== before.drive?.replies) writeKept(DRIVEN + keptName(boot), JSON.stringify({ seed: state.seed, replies: now.replies }));
    if ((state.connection === 'open' && before.connection !== 'open') || (before.fork && !state.fork)) ask(parts, now.replies);
    if (now.reminded !== before.drive?.reminded) /** @type {HTMLElement | null} */ (document.querySelector('.drive input:checked, .drive input'))?.focus();
    else if (now.replies !== before.drive?.replies) requestAnimationFrame(() => document.querySelector('.drive .verdict')?.scrollIntoView({ block: 'nearest' }));
  });
}

/** How it went before, in this browser and with this seed. @param {Parts} parts @returns {Record<string, import('./types').DriveReply>} */
function kept({ store, boot, keep }) {
  try {
    const { seed, replies } = JSON.parse((keep && readKept(DRIVEN + keptName(boot))) || '{}');
    return seed === store.state.seed && replies && typeof replies === 'object' ? replies : {};
  } catch {
    return {};
  }
}
