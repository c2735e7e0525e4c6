/**
 * The scenes of a range of steps, asked for by a connection of their own, so that the learner's place does not move.
 */
import { connect } from '../socket.js';
import { createStore, initialState } from '../store.js';

/** At most so many pictures in one file. */
export const MOST = 40;
const SECONDS = 15;

/**
 * @param {import('../types').Boot} boot @param {number} from @param {number} to @param {boolean} phases  also the phases of VM entries and exits
 * @param {(state: import('../types').State) => void} each  is told each state in order
 */
export async function scenesOf(boot, from, to, phases, each) {
  const store = createStore(initialState(boot));
  const link = connect(boot, store, { step: from, phase: 0 }, false);
  try {
    await until(store, (state) => Boolean(state.scene));
    each(store.state);
    for (let made = 1; made < MOST && store.state.position.step < to; made += 1) {
      const before = store.state.position;
      const ack = await link.send('step', { by: 1, unit: phases ? 'phase' : 'step' });
      if (!ack.ok) break;
      await until(store, ({ position }) => position !== before);
      each(store.state);
    }
  } finally {
    link.close();
  }
}

/** @param {import('../store.js').Store} store @param {(state: import('../types').State) => boolean} condition @returns {Promise<void>} */
function until(store, condition) {
  return new Promise((resolve, reject) => {
    if (condition(store.state)) return resolve();
    const late = setTimeout(() => reject(new Error('no answer')), SECONDS * 1000);
    store.subscribe((state) => {
      if (!condition(state)) return;
      clearTimeout(late);
      resolve();
    });
  });
}
