/**
 * What a learner can ask for, by name: the same commands for keys, buttons and marks. Each first completes whatever still moves.
 * @typedef {import('./types').Position} Position
 */
import { nextLevel } from './model/level.js';
import { firstOpen, phaseOn } from './model/drive.js';
import { compare as comparePositions } from './model/position.js';
import { UNANSWERED, replyTo, settled } from './model/questions.js';
import { actingOf, stopsAround } from './model/selectors.js';
import { fraction, zoomed } from './model/timeline.js';
import { onItsWay } from './on_its_way.js';

export const SPEEDS = [0.5, 1, 2, 4, 8, 16];
/** Moves a second at speed 1. */
const RATE = 1.5;

/** @param {{store: import('./store.js').Store, link: import('./socket.js').Link, clock: import('./clock.js').Clock, t: import('./types').Translate, boot: import('./types').Boot, keep: boolean, share: () => void}} parts */
export function createCommands({ store, link, clock, t, boot, keep, share }) {
  const state = () => store.state;
  /** While dragging, one seek is under way at most and only the latest wish is kept. @type {Position | null} */
  let wish = null;
  let seeking = false;
  /** @param {Position} position */
  async function drag(position) {
    wish = position;
    if (seeking) return;
    seeking = true;
    while (wish) {
      const { step, phase } = wish;
      wish = null;
      await link.send('seek', { step, phase });
    }
    seeking = false;
  }
  /** Where we are once all that was asked for is done: fast keys count from there. @type {Position | null} */
  let target = null;
  const here = () => target ?? state().position;
  /** @param {Position | null} position */
  async function seek(position) {
    if (!position) return;
    const mine = { step: position.step, phase: position.phase };
    target = mine;
    await link.send('seek', mine);
    if (target === mine) target = null;
  }
  const crossings = () => {
    const { exits, entries, failures = [] } = state().outline;
    return [...exits, ...entries, ...failures].map(({ step }) => step).sort((a, b) => a - b);
  };
  const at = (/** @type {number | undefined} */ step) => (step === undefined ? null : { step, phase: 0 });
  const after = (/** @type {number[]} */ steps) => at(steps.find((step) => step > here().step));
  const before = (/** @type {number[]} */ steps) => at(steps.findLast((step) => step < here().step + (here().phase ? 1 : 0)));
  const exits = () => state().outline.exits.map(({ step }) => step);
  /** On to a position; a learner who drives stops at what is asked before it, and goes on from there with an answer only. @param {Position | null} to @param {() => unknown} [way]  how to go when nothing is asked */
  function ahead(to, way = () => seek(to)) {
    const point = to && firstOpen(state(), here(), to);
    if (!point || comparePositions(point, to) === 0) return state().drive ? seek(to) : way();
    if (comparePositions(point, here())) return seek(point);
    remind();
  }
  /** Leads to the question that waits for an answer. */
  function remind() {
    const { drive } = state();
    if (drive) store.update({ drive: { ...drive, reminded: drive.reminded + 1 }, notice: t('drive.say_first') });
  }
  /** Steps that are asked for and not answered yet. */
  let asked = 0;
  /** @param {{by: number, unit?: string}} way */
  async function move(way) {
    asked += 1;
    await link.send('step', way);
    asked -= 1;
  }
  const play = () => link.send('play', { rate: state().speed * RATE, unit: state().speed <= 1 ? 'phase' : 'step' });
  /** @param {number} by */
  function changeSpeed(by) {
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(state().speed) + by))];
    store.update({ speed });
    if (state().playing) play();
  }

  /** When was this last changed, or some `bits` of it? Goes there; `name` is what people call it. @param {{slot: string, name: string, bits?: string}} asked */
  async function lastChange({ slot, name, bits }) {
    const { scene } = state();
    const acting = scene && actingOf(scene);
    const whole = acting === undefined || slot.includes(':') ? slot : `processor:${acting}:${slot}`;
    const { found, ok, step, rip, old, new: value } = await link.send('last_change', { slot: whole, ...(bits ? { bits } : {}) });
    if (!ok) return;
    const say = (/** @type {string} */ key) => store.update({ notice: t(key, { name, step: step + 1, rip, old, value }) });
    if (!found) return say('change.never');
    if (step + 1 === state().position.step && !state().position.phase) return say('change.here');
    await seek({ step: step + 1, phase: 0 });
    say('change.found');
  }
  /** Loaded when somebody asks; changes are made at whole steps, behind the first. */
  async function whatIf() {
    if (!state().scene) return;
    if (state().position.phase) await link.send('step', { by: -1 });
    if (!state().position.step) await link.send('step', { by: 1 });
    const { whatIfDialog } = await import('./view/what_if_dialog.js');
    whatIfDialog({ boot, t, store, async fork(changes, words) {
      const { position, fork: before } = state();
      const here = { step: position.step, phase: 0 };
      await link.goOn({ at: here, changes: [changes], words: t('what_if.words', { words, step: here.step }) });
      if (before && state().fork) store.update({ fork: { at: before.at, changes: [...before.changes, changes], words: `${before.words} ${state().fork?.words}` } });
    } });
  }
  const back = () => state().fork && link.back(state().fork?.at ?? state().position);
  const compare = async () => (await import('./view/what_if_dialog.js')).compareDialog({ boot, t, store, fork: async () => {}, run: (/** @type {string} */ name) => commands[name]?.() });

  /** The breakpoints that are asked for and not answered yet: the next is set beside them. @type {string[] | null} */
  let breaks = null;
  /** @param {string} address */
  async function toggleBreakpoint(address) {
    const now = breaks ?? state().breakpoints;
    const mine = now.includes(address) ? now.filter((other) => other !== address) : [...now, address];
    breaks = mine;
    const ack = await link.send('breakpoints', { set: mine });
    if (breaks !== mine) return;
    breaks = null;
    if (ack.ok) store.update({ breakpoints: ack.set, hits: ack.hits ?? [] });
  }
  async function toBreakpoint() {
    const ack = await link.send('run', { to: 'breakpoint' });
    if (ack.ok && !ack.found) store.update({ notice: t('code.no_more') });
  }

  /** @param {string} id @param {Partial<import('./types').Reply>} change */
  const reply = (id, change) => store.update({ replies: { ...state().replies, [id]: { ...replyTo(state(), id), ...change } } });
  const send = onItsWay();
  /** The machine grades; without `given` it says what is right. What was said to another answer is no longer said. @param {{id: string, given?: string[]}} answer */
  async function answer({ id, given }) {
    const sent = await send(id, given, () => {
      if (given) reply(id, { given, about: '' });
      return link.send('answer', { question: id, ...(given ? { given } : {}) });
    });
    const now = replyTo(state(), id);
    if (!sent?.ack.ok || settled(now)) return;
    const { ack, latest } = sent;
    const tries = now.tries + (given ? 1 : 0);
    if (latest || ack.right) reply(id, { right: ack.right, about: ack.about, seen: ack.answered, tries, ...(given ? { given } : { answer: ack.answer }) });
    else reply(id, { tries });
  }

  /** @type {Record<string, (argument?: any) => void>} */
  const commands = {
    stepForward: () => ahead({ step: here().step + 1, phase: 0 }, () => move({ by: 1 })),
    stepBack: () => move({ by: -1 }),
    phaseForward: () => ahead(phaseOn(state(), here()), () => move({ by: 1, unit: 'phase' })),
    phaseBack: () => move({ by: -1, unit: 'phase' }),
    nextTransition: () => ahead(after(crossings())),
    previousTransition: () => seek(before(crossings())),
    nextExit: () => ahead(after(exits())),
    previousExit: () => seek(before(exits())),
    nextStop: () => ahead(stopsAround({ ...state(), position: here() }).next),
    previousStop: () => seek(stopsAround({ ...state(), position: here() }).previous),
    first: () => seek({ step: 0, phase: 0 }),
    last: () => seek({ step: state().length, phase: 0 }),
    restart: () => seek({ step: 0, phase: 0 }),
    seek,
    drag,
    async togglePlay() {
      if (state().playing) return link.send('pause');
      if (firstOpen(state(), here(), here())) return remind();
      if (state().position.step >= state().length) await link.send('seek', { step: 0 });
      return play();
    },
    pause: () => state().playing && link.send('pause'),
    faster: () => changeSpeed(1),
    slower: () => changeSpeed(-1),
    nextSpeed() {
      if (state().speed === SPEEDS.at(-1)) changeSpeed(-SPEEDS.length);
      else changeSpeed(1);
    },
    share,
    /** How close the picture is; without a wish the next one. */
    level: (level = nextLevel(state())) => store.update({ level }),
    redraw: () => store.update({}),
    goTo: () => store.update({ goTo: true }),
    help: () => store.update({ help: true }),
    blank: () => store.update({ blank: !state().blank }),
    fullScreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.())?.catch(() => {}),
    close: () => store.update({ help: false, goTo: false, blank: false, notice: '', error: null }),
    tab: (tab) => store.update({ tab }),
    codeSide: (codeSide) => store.update({ codeSide }),
    vmcs: (address) => store.update({ vmcs: address, tab: 'vmcs' }),
    allFields: () => store.update({ allFields: !state().allFields }),
    search: (text) => store.update({ search: text }),
    onlyChanged: () => store.update({ onlyChanged: !state().onlyChanged }),
    look: ({ tab, ...wish }) => store.update({ look: { ...state().look, reference: 0, ...wish }, ...(tab ? { tab } : {}) }),
    zoom: ({ by, around }) => store.update({ zoom: zoomed(state().zoom, by, around ?? fraction(state().position, state().outline), state().outline.length) }),
    bookmark: () => store.update({ bookmarks: toggled(state().bookmarks, state().position) }),
    answer: (wish) => wish && answer(wish),
    giveUp: (id) => answer({ id }),
    hint: (id) => reply(id, { hints: replyTo(state(), id).hints + 1 }),
    arrange: ({ id, order }) => reply(id, { given: order }),
    /** The learner drives, or no longer, or answers (drive.js). */
    drive: async (wish = !state().drive) => (await import('./drive.js')).drive({ store, link, boot, keep }, wish),
    /** A place that is chosen and not graded yet: what was said to another one is no longer said. */
    choosePlace: ({ id, place }) => reply(id, { given: [place], about: '' }),
    again: (id) => reply(id, UNANSWERED),
    whatIf,
    back,
    compare,
    lastChange,
    toggleBreakpoint,
    toBreakpoint,
    letters: (on) => store.update({ letters: on }),
    large: (on = !state().large) => store.update({ large: on }),
    stage: (stage) => store.update({ stage }),
  };
  return {
    /** Whether a key that is held down must wait: it never asks for more than is drawn. */
    get behind() { return asked > 1; },
    /** @param {string} name @param {any} [argument] */
    run(name, argument) {
      if (name !== 'stage') clock.finish();
      commands[name]?.(argument);
    },
  };
}
/** A list of bookmarks with one more, or without it when it was there. @param {Position[]} bookmarks @param {Position} position */
function toggled(bookmarks, { step, phase }) {
  const others = bookmarks.filter((mark) => comparePositions(mark, { step, phase }));
  return others.length < bookmarks.length ? others : [...bookmarks, { step, phase }].sort(comparePositions);
}
/** @typedef {ReturnType<typeof createCommands>} Commands */
