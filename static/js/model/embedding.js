/**
 * What a teacher copies to show a lesson elsewhere: addresses and snippets, made from a few choices. Plain text, no DOM.
 * @typedef {{base: string, lesson: string, title: string, lang: string, theme: string, controls: string, seed: string, drive: string, step: string, width: number, height: number}} Choice
 * `base`: where the app lives, with its last slash; `seed`: "" for the lesson as it is written; `drive`: "1" for a learner who drives; `step`: "" for the beginning, else "37" or "37.3"
 */

/** @param {string} text */
const attribute = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** @param {Choice} choice @param {'embed' | 'lesson'} page */
export function addressOf({ base, lesson, lang, theme, controls, seed, drive, step }, page) {
  const url = new URL(`${page}/${encodeURIComponent(lesson)}`, base);
  url.searchParams.set('lang', lang);
  if (theme !== 'auto') url.searchParams.set('theme', theme);
  if (page === 'embed' && controls !== 'full') url.searchParams.set('controls', controls);
  if (seed) url.searchParams.set('seed', seed);
  if (drive) url.searchParams.set('drive', drive);
  if (step) url.hash = `step=${step}`;
  return url.href;
}

/** @type {Record<'frame' | 'resized' | 'element' | 'link', (choice: Choice) => string>} */
export const SNIPPETS = {
  frame: (choice) => `<iframe src="${attribute(addressOf(choice, 'embed'))}" title="${attribute(choice.title)}" width="${choice.width}" height="${choice.height}" loading="lazy" allow="fullscreen; clipboard-write"></iframe>`,
  resized: (choice) => `<iframe src="${attribute(addressOf(choice, 'embed'))}" title="${attribute(choice.title)}" width="100%" height="${choice.height}" loading="lazy" allow="fullscreen; clipboard-write"></iframe>
<script src="${attribute(new URL('embed/resizer.js', choice.base).href)}" async></script>`,
  element: ({ base, lesson, title, lang, theme, controls, seed, drive, step }) => {
    const given = { name: lesson, step, lang, theme: theme === 'auto' ? '' : theme, controls: controls === 'full' ? '' : controls, seed, drive, title };
    const attributes = Object.entries(given).filter(([, value]) => value).map(([key, value]) => `${key}="${attribute(value)}"`);
    return `<script src="${attribute(new URL('embed/element.js', base).href)}" async></script>
<vmviz-lesson ${attributes.join(' ')}></vmviz-lesson>`;
  },
  link: (choice) => addressOf(choice, 'lesson'),
};
