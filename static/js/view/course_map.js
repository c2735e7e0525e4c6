/**
 * The course's map and the start button, with how far the learner is. The server has drawn them; here they are filled in.
 * @typedef {import('../model/progress.js').Lesson} Lesson
 * @typedef {import('../model/progress.js').Kept} Kept
 */
import { withSeed } from '../model/address.js';
import { awaited, nothingKept, standing, whereToGo } from '../model/progress.js';

const SVG = 'http://www.w3.org/2000/svg';

/** @param {Lesson[]} lessons @param {Map<string, Kept>} all @param {import('../types').Translate} t */
export function fillMap(lessons, all, t) {
  const kept = (/** @type {string} */ name) => all.get(name) ?? nothingKept();
  const way = whereToGo(lessons, kept);
  for (const lesson of lessons) {
    const card = /** @type {HTMLElement | null} */ (document.querySelector(`[data-lesson="${lesson.name}"]`));
    if (card) fillCard(card, lesson, { stands: standing(lesson, kept(lesson.name)), waits: awaited(lesson, lessons, kept), now: way?.lesson === lesson && way.how !== 'again' }, t);
  }
  if (way) fillStart(way, kept(way.lesson.name), t);
}

/** @param {NonNullable<ReturnType<typeof whereToGo>>} way @param {Kept} kept @param {import('../types').Translate} t */
function fillStart({ how, lesson }, { visit }, t) {
  const button = /** @type {HTMLAnchorElement | null} */ (document.getElementById('start'));
  const words = button?.querySelector('span');
  if (!button || !words) return;
  button.dataset.first ??= words.textContent ?? '';
  words.textContent = how === 'first' ? button.dataset.first : t(`home.word.${how}`, { title: lesson.title });
  const url = new URL(withSeed(new URL(lesson.url, location.href).href, how === 'go_on' ? visit?.variant ?? 0 : 0));
  url.hash = how === 'go_on' ? `step=${visit?.at}` : how === 'first' ? '' : 'step=0';
  button.href = url.href;
  document.getElementById('from-start')?.toggleAttribute('hidden', how === 'first' || how === 'again');
}

/** @param {HTMLElement} card @param {Lesson} lesson @param {{stands: ReturnType<typeof standing>, waits: string[], now: boolean}} how @param {import('../types').Translate} t */
function fillCard(card, lesson, { stands, waits, now }, t) {
  card.dataset.state = stands.state;
  card.classList.toggle('now', now);
  const sign = /** @type {HTMLElement} */ (card.querySelector('.sign'));
  sign.dataset.number ??= sign.textContent ?? '';
  sign.replaceChildren(stands.state === 'done' ? check() : stands.state === 'begun' ? ring(stands.seen / Math.max(1, lesson.stops.length)) : sign.dataset.number);
  const said = /** @type {HTMLElement} */ (card.querySelector('.state'));
  said.textContent = stateWords(lesson, stands, now, t);
  said.hidden = !said.textContent;
  const after = /** @type {HTMLElement | null} */ (card.querySelector('.after'));
  if (!after) return;
  const names = [...after.querySelectorAll('[data-needs]')];
  for (const name of names) name.classList.toggle('met', !waits.includes(name.getAttribute('data-needs') ?? ''));
  after.hidden = stands.state === 'done' || names.every((name) => name.classList.contains('met'));
}

/** @param {Lesson} lesson @param {ReturnType<typeof standing>} stands @param {boolean} now @param {import('../types').Translate} t */
function stateWords({ stops, questions }, { state, seen, right, at }, now, t) {
  if (state === 'done') return questions.length ? t('home.word.done_right', { right, total: questions.length }) : t('home.word.done');
  if (state === 'begun') return `${t('home.word.begun', { step: at })} · ${t('home.word.visited', { seen, total: stops.length })}`;
  return now ? t('home.word.next_one') : '';
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {...Element} parts */
function icon(...parts) {
  const made = shape('svg', { viewBox: '0 0 20 20', width: 20, height: 20, 'aria-hidden': 'true' });
  made.append(...parts);
  return made;
}

const check = () => icon(shape('circle', { class: 'done-disc', cx: 10, cy: 10, r: 8.5 }), shape('path', { class: 'done-tick', d: 'M6 10.2l2.8 2.8L14.3 7.4' }));
/** @param {number} part */
const ring = (part) => icon(shape('circle', { class: 'ring', cx: 10, cy: 10, r: 8 }),
  shape('circle', { class: 'ring-part', cx: 10, cy: 10, r: 8, pathLength: 100, 'stroke-dasharray': `${Math.max(4, Math.round(100 * part))} 100`, transform: 'rotate(-90 10 10)' }));
