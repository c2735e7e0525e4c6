/**
 * What a learner can ask for, by name: the same commands for keys, buttons and marks. Each first completes whatever still moves.
 * @typedef {import('./types').Position} Position
 */
import { stopsAround } from './model/selectors.js';

export const SPEEDS = [0.5, 1, 2, 4, 8, 16];
/** Moves a second at speed 1. */
const RATE = 1.5;

/** @param {{store: import('./store.js').Store, link: import('./socket.js').Link, clock: import('./clock.js').Clock, share: () => void}} parts */
export function createCommands({ store, link, clock, share }) {
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
  const play = () => link.send('play', { rate: state().speed * RATE, unit: state().speed <= 1 ? 'phase' : 'step' });
  /** @param {number} by */
  function changeSpeed(by) {
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(state().speed) + by))];
    store.update({ speed });
    if (state().playing) play();
  }

  /** @type {Record<string, (argument?: any) => void>} */
  const commands = {
    stepForward: () => link.send('step', { by: 1 }),
    stepBack: () => link.send('step', { by: -1 }),
    phaseForward: () => link.send('step', { by: 1, unit: 'phase' }),
    phaseBack: () => link.send('step', { by: -1, unit: 'phase' }),
    nextTransition: () => seek(after(crossings())),
    previousTransition: () => seek(before(crossings())),
    nextExit: () => seek(after(exits())),
    previousExit: () => seek(before(exits())),
    nextStop: () => seek(stopsAround({ ...state(), position: here() }).next),
    previousStop: () => seek(stopsAround({ ...state(), position: here() }).previous),
    first: () => seek({ step: 0, phase: 0 }),
    last: () => seek({ step: state().length, phase: 0 }),
    restart: () => seek({ step: 0, phase: 0 }),
    seek,
    drag,
    async togglePlay() {
      if (state().playing) return link.send('pause');
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
    goTo: () => store.update({ goTo: true }),
    help: () => store.update({ help: true }),
    blank: () => store.update({ blank: !state().blank }),
    fullScreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.())?.catch(() => {}),
    close: () => store.update({ help: false, goTo: false, blank: false, notice: '', error: null }),
    tab: (tab) => store.update({ tab }),
    vmcs: (address) => store.update({ vmcs: address, tab: 'vmcs' }),
    allFields: () => store.update({ allFields: !state().allFields }),
    letters: (on) => store.update({ letters: on }),
    stage: (stage) => store.update({ stage }),
  };
  return {
    /** @param {string} name @param {any} [argument] */
    run(name, argument) {
      if (name !== 'stage') clock.finish();
      commands[name]?.(argument);
    },
  };
}
/** @typedef {ReturnType<typeof createCommands>} Commands */
