/**
 * Pieces of a long list: the one that is looked at is drawn at once, the others one after the other while the browser has nothing to do, the nearest
 * first, so that no task is long and the whole list is soon there to be searched and read. A piece whose `known` values are the same is not drawn again.
 */
import { noChange } from 'lit-html';
import { AsyncDirective, directive } from 'lit-html/async-directive.js';

/** @type {(work: () => void) => void} */
const whenIdle = 'requestIdleCallback' in globalThis ? (work) => requestIdleCallback(work) : (work) => setTimeout(work, 30);
/** What is to be drawn yet. @type {Set<Later>} */
const waiting = new Set();
let working = false;

function begin() {
  if (working || !waiting.size) return;
  working = true;
  whenIdle(() => {
    working = false;
    if (!waiting.size) return;
    [...waiting].reduce((near, other) => (other.distance < near.distance ? other : near)).drawNow();
    begin();
  });
}

class Later extends AsyncDirective {
  /** @type {unknown[] | null} */
  known = null;
  drawn = false;
  distance = 0;
  /** @type {() => unknown} */
  draw = () => noChange;

  /** @param {unknown[]} known @param {number} distance  from what is looked at: 0 is drawn now @param {unknown} before  what stands there until the piece is drawn @param {() => unknown} draw */
  render(known, distance, before, draw) {
    const now = distance === 0;
    this.distance = distance;
    const same = this.known?.every((value, n) => value === known[n]) ?? false;
    if (same && (this.drawn || !now)) return noChange;
    this.known = known;
    this.draw = draw;
    if (now || this.drawn) {
      this.drawn = true;
      waiting.delete(this);
      return draw();
    }
    waiting.add(this);
    begin();
    return before;
  }

  drawNow() {
    waiting.delete(this);
    this.drawn = true;
    this.setValue(this.draw());
  }

  disconnected() { waiting.delete(this); }

  reconnected() {
    if (this.drawn) return;
    waiting.add(this);
    begin();
  }
}

export const later = directive(Later);
