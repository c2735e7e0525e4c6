/**
 * The first drawing takes the parts of the player one after the other, each in a task of its own, so that none is long; from then on all are drawn
 * together.
 */
import { noChange, nothing } from 'lit-html';

/** @param {number} count  of the parts */
export function createTurns(count) {
  /** Parts that have had their turn. */
  let done = 1;
  /** The part whose turn it is while the others stay as they are; none when all are drawn. @type {number | null} */
  let turn = null;
  let waiting = false;
  return {
    /** A part, if its turn has come. @param {number} number @param {() => unknown} view */
    part(number, view) {
      if (number >= done) return nothing;
      return turn === null || turn === number ? view() : noChange;
    },
    /** Gives the next part its turn, soon. @param {() => void} draw */
    goOn(draw) {
      if (waiting || done >= count) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        turn = done;
        done += 1;
        draw();
        turn = null;
      });
    },
    /** This drawing is for one part, or (null) for all whose turn has come. @param {number | null} number */
    only(number) { turn = number; },
  };
}
