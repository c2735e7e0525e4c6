/**
 * Light, dark, strong contrast or as the system says: `data-theme` on the root element. `?theme=` wins, then what was chosen before.
 * @typedef {import('./types').Theme} Theme
 */
const KEY = 'vmviz-theme';
/** Whether everything is larger, for a hall. */
export const LARGE = 'vmviz-large';
const THEMES = /** @type {const} */ (['auto', 'light', 'dark', 'contrast']);

/** @param {unknown} value @returns {value is Theme} */
const isTheme = (value) => THEMES.includes(/** @type {Theme} */ (value));

/** The theme to start with. @returns {Theme} */
export function startTheme() {
  const asked = new URLSearchParams(location.search).get('theme');
  if (isTheme(asked)) return asked;
  const kept = readKept(KEY);
  return isTheme(kept) ? kept : 'auto';
}

/** @param {Theme} theme @param {boolean} [keep] */
export function applyTheme(theme, keep = false) {
  document.documentElement.dataset.theme = theme;
  if (keep) writeKept(KEY, theme);
}

/** @param {Theme} theme @returns {Theme} */
export function nextTheme(theme) {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
}

/** A setting kept in this browser; null without storage. @param {string} key */
export function readKept(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

/** @param {string} key @param {string} value */
export function writeKept(key, value) {
  try { localStorage.setItem(key, value); } catch { /* no storage: the setting lives as long as the page */ }
}

/** The menus of the header close as menus do: by Escape, by a click elsewhere, by a choice. The links of languages keep the place and the theme. */
export function headerMenus() {
  for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll('details.menu'))) {
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector('summary')?.focus();
    });
    document.addEventListener('click', ({ target }) => {
      if (menu.open && target instanceof Element && (!menu.contains(target) || target.closest('ul button'))) menu.open = false;
    });
  }
  for (const link of document.querySelectorAll('a[data-lang]')) {
    link.addEventListener('click', () => {
      const url = new URL(location.href);
      url.searchParams.set('lang', /** @type {HTMLElement} */ (link).dataset.lang ?? 'en');
      /** @type {HTMLAnchorElement} */ (link).href = url.href;
    });
  }
}

/** Makes the theme button of a page work; its words are in the page. */
export function themeButton() {
  let theme = startTheme();
  const button = /** @type {HTMLElement | null} */ (document.querySelector('[data-theme-button]'));
  const show = () => {
    applyTheme(theme);
    if (!button) return;
    const word = button.dataset[theme] ?? theme;
    button.textContent = word;
    button.setAttribute('aria-label', (button.dataset.label ?? '{theme}').replace('{theme}', word));
  };
  button?.addEventListener('click', () => {
    theme = nextTheme(theme);
    applyTheme(theme, true);
    show();
  });
  show();
  return theme;
}
