/**
 * The pages around the lessons: theme, language and the search as one types; on the home page the learner's progress on the map, and, once the page is usable, the
 * small picture that moves. Everything works without this script, as plain HTML.
 */
import { translator } from './model/words.js';
import { allKept } from './progress_kept.js';
import { searchField } from './search.js';
import { headerMenus, themeButton } from './theme.js';
import { fillMap } from './view/course_map.js';
import { progressBox } from './view/progress_box.js';

/** Who has just come reads first: the picture's script comes after that. */
const AFTER_MS = 600;

themeButton();
headerMenus();
searchField();

const boot = /** @type {import('./types').HomeBoot | null} */ (JSON.parse(document.getElementById('vmviz-boot')?.textContent ?? 'null'));
if (boot) {
  const t = translator(boot.words, boot.lang);
  const fill = () => fillMap(boot.lessons, allKept(), t);
  fill();
  progressBox(t, fill);
  window.addEventListener('storage', fill);
  window.addEventListener('pageshow', ({ persisted }) => persisted && fill());
  picture(boot, t);
}

/** The picture is loaded when the page has nothing else to do and the place where it will stand is in sight. @param {import('./types').HomeBoot} home @param {import('./types').Translate} t */
function picture(home, t) {
  const figure = document.getElementById('mini');
  // @ts-expect-error: not every browser says it
  if (!figure || !home.picture || navigator.connection?.saveData) return;
  const load = async () => (await import('./view/miniature.js')).startMiniature(figure, home, t).catch(() => {});
  const seen = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    seen.disconnect();
    setTimeout(() => ('requestIdleCallback' in window ? requestIdleCallback(load, { timeout: 4000 }) : load()), AFTER_MS);
  });
  const watch = () => seen.observe(figure);
  if (document.readyState === 'complete') watch();
  else window.addEventListener('load', watch);
}
