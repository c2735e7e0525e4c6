/**
 * Plays the motion of model/motion.js over the drawn picture: the dot along its path, values as small labels that fly.
 */
import { motionBetween } from '../model/motion.js';
import { layoutOf } from './place.js';

const SVG = 'http://www.w3.org/2000/svg';

/** @param {HTMLElement} host @param {import('../clock.js').Clock} clock @param {import('../types').State} before @param {import('../types').State} after @param {import('../types').Translate} t @param {boolean} [small]  the picture is a small one of another page: narrow, and no values fly */
export function showMotion(host, clock, before, after, t, small = false) {
  const picture = host.querySelector('svg.diagram');
  if (!picture || after.stage.width < 80) return;
  const place = layoutOf(after, t, document.documentElement.lang, small || document.documentElement.classList.contains('compact'));
  const motion = motionBetween(before, after, place, t);
  if (!motion) return;
  const unit = duration(picture, '--time-dot') / (after.playing ? Math.max(1, after.speed) : 1);
  const dot = picture.querySelector('.dot');
  if (dot) moveDot(clock, dot, motion.path, unit * motion.length);
  const layer = small ? null : picture.querySelector('.flights');
  for (const flight of layer ? motion.flights : []) fly(clock, /** @type {Element} */ (layer), flight, unit);
}

/** @param {import('../clock.js').Clock} clock @param {Element} dot @param {import('../model/motion.js').Point[]} path @param {number} time */
function moveDot(clock, dot, path, time) {
  const lengths = path.map((point, index) => (index ? Math.hypot(point.x - path[index - 1].x, point.y - path[index - 1].y) : 0));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (!total) return;
  let done = 0;
  const frames = path.map(({ x, y }, index) => ({ transform: `translate(${x}px, ${y}px)`, offset: Math.min(1, (done += lengths[index]) / total) }));
  clock.run(dot, frames, { duration: time, easing: 'cubic-bezier(.45,.05,.35,1)' });
}

/** @param {import('../clock.js').Clock} clock @param {Element} layer @param {import('../model/motion.js').Flight} flight @param {number} unit */
function fly(clock, layer, { label, from, to, delay }, unit) {
  const group = document.createElementNS(SVG, 'g');
  const box = document.createElementNS(SVG, 'rect');
  const text = document.createElementNS(SVG, 'text');
  const width = label.length * 7.3 + 14;
  group.setAttribute('class', 'flight');
  group.setAttribute('opacity', '0');
  for (const [name, value] of Object.entries({ x: -width / 2, y: -11, width, height: 22, rx: 11 })) box.setAttribute(name, String(value));
  text.setAttribute('class', 'mono');
  text.setAttribute('text-anchor', 'middle');
  text.setAttribute('y', '4.5');
  text.textContent = label;
  group.append(box, text);
  layer.append(group);
  const at = (/** @type {import('../model/motion.js').Point} */ { x, y }) => `translate(${x}px, ${y}px)`;
  const half = { x: (from.x + to.x) / 2 + 18, y: (from.y + to.y) / 2 };
  clock.run(group, [{ transform: at(from), opacity: 0, offset: 0 }, { opacity: 1, offset: 0.12 }, { transform: at(half), offset: 0.5 }, { opacity: 1, offset: 0.88 },
    { transform: at(to), opacity: 0, offset: 1 }], { duration: unit * 0.85, delay: delay * unit, easing: 'ease-in-out', fill: 'backwards' }, () => group.remove());
}

/** A duration token of the style sheet, in milliseconds. @param {Element} element @param {string} token */
function duration(element, token) {
  const value = getComputedStyle(element).getPropertyValue(token).trim();
  return value.endsWith('ms') ? parseFloat(value) : parseFloat(value) * 1000 || 700;
}
