/**
 * The small picture of the home page: a real piece of a real lesson's run, drawn by the lesson's own picture. It comes by one request when
 * the page is usable already, and no connection stays open. It stands still with reduced motion, out of sight, and when it is told to.
 */
import { html, render } from 'lit-html';
import { createClock } from '../clock.js';
import { merge } from '../model/merge.js';
import { formatPosition } from '../model/position.js';
import { translator } from '../model/words.js';
import { initialState } from '../store.js';
import { diagram } from './diagram.js';
import { showMotion } from './motion.js';

/** How long a position stands, and the last one before it begins again. */
const STAND_MS = 1700;
const END_MS = 3400;

/** @param {HTMLElement} figure @param {import('../types').HomeBoot} home @param {import('../types').Translate} say */
export async function startMiniature(figure, { lang, prefix, picture, lessons }, say) {
  const lesson = lessons.find(({ name }) => name === picture?.lesson);
  if (!picture || !lesson) return;
  const [answer, { catalogue }] = await Promise.all([fetch(`${prefix}/api/lessons/${encodeURIComponent(lesson.name)}/excerpt`), import(picture.words)]);
  if (!answer.ok) return;
  const run = runOf(await answer.json());
  await pause();
  const t = translator(catalogue, lang);
  const boot = /** @type {any} */ ({ lesson: lesson.name, lang });
  const stage = /** @type {HTMLElement} */ (figure.querySelector('.mini-stage'));
  const bar = /** @type {HTMLElement} */ (figure.querySelector('.mini-bar'));
  const clock = createClock();
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let paused = still.matches;
  let visible = false;
  let at = paused ? run.first('vm_exit') : 0;
  let shown = -1;
  let width = stage.clientWidth;
  let timer = 0;

  function draw() {
    clock.finish();
    const size = (/** @type {import('../types').State} */ state) => ({ ...state, stage: { width, height: 330 } });
    const state = size(run.state(at));
    render(diagram({ state, boot, t, run: () => {} }, true), stage);
    if (shown >= 0 && at === shown + 1 && clock.moves) showMotion(stage, clock, size(run.state(shown)), state, t, true);
    shown = at;
    const place = formatPosition(state.position);
    const action = say(paused ? 'home.word.mini.play' : 'home.word.mini.pause');
    render(html`<button class="btn" type="button" aria-label=${action} title=${action} @click=${toggle}><svg viewBox="0 0 14 14" width="13" height="13" aria-hidden="true"><path d=${paused ? 'M3 1 12 7 3 13z' : 'M3 1h3v12H3zM8 1h3v12H8z'}></path></svg></button>
      <span>${say('home.word.mini.where', { title: lesson?.title, step: place })}</span><a href=${`${lesson?.url}#step=${place}`}>${say('home.word.mini.look')}</a>`, bar);
  }

  function schedule() {
    clearTimeout(timer);
    if (paused || !visible || document.visibilityState !== 'visible') return;
    timer = window.setTimeout(() => {
      at = (at + 1) % run.length;
      draw();
      schedule();
    }, at === run.length - 1 ? END_MS : STAND_MS);
  }

  function toggle() {
    paused = !paused;
    draw();
    schedule();
  }

  stage.replaceChildren();
  draw();
  figure.dataset.live = 'on';
  new IntersectionObserver(([{ isIntersecting }]) => {
    visible = isIntersecting;
    schedule();
  }, { threshold: 0.4 }).observe(figure);
  new ResizeObserver(() => {
    if (stage.clientWidth === width) return;
    width = stage.clientWidth;
    draw();
  }).observe(figure);
  document.addEventListener('visibilitychange', schedule);
  still.addEventListener('change', () => {
    if (still.matches && !paused) toggle();
  });
}

/** Lets the page do something else. */
const pause = () => new Promise((resolve) => { setTimeout(resolve); });

/**
 * The states that the page of the lesson has at the positions of an excerpt; each is made when it is first asked for.
 * @param {{outline: import('../types').Outline, snapshot: import('../types').Snapshot, frames: import('../types').Frame[]}} excerpt
 */
function runOf({ outline, snapshot, frames }) {
  /** @type {import('../types').State[]} */
  const states = [{ ...initialState(/** @type {any} */ ({ outline })), ...snapshot }];
  return {
    length: frames.length + 1,
    /** The number of the first position that an event of a type led to; 0 for none. @param {string} type */
    first: (type) => frames.findIndex(({ events }) => events.some((event) => event.type === type)) + 1,
    /** @param {number} number */
    state(number) {
      for (const { position, events, delta } of frames.slice(states.length - 1, number)) {
        const before = states[states.length - 1];
        states.push({ ...before, position, events, scene: merge(before.scene, delta) });
      }
      return states[number];
    },
  };
}
