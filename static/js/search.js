/**
 * The search in the header as one types: the server's list of results (`/search?part=results`) below the field. Without script the form leads to
 * the page of the search.
 *
 * The list is links, so it is read and opened as links are: the down arrow goes into it, up and down go through it, Escape closes it and gives the
 * focus back to the field. A status says how much was found.
 */
const WAIT = 180;
/** While the server prepares its index. */
const AGAIN = 1500;

/** @param {HTMLFormElement} form */
function search(form) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector('input[type="search"]'));
  const box = /** @type {HTMLElement} */ (form.querySelector('.search-results'));
  const status = /** @type {HTMLElement} */ (form.querySelector('[role="status"]'));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = '';
  /** @type {AbortController | undefined} */
  let asking;

  const links = () => /** @type {HTMLAnchorElement[]} */ ([...box.querySelectorAll('a')]);
  /** Closes the list; what is on its way does not open it again. */
  const close = () => {
    clearTimeout(timer);
    if (asking) asked = '';
    asking?.abort();
    asking = undefined;
    box.hidden = true;
    status.textContent = '';
  };
  const ask = async () => {
    const query = field.value.trim();
    asking?.abort();
    asked = query;
    if (!query) return close();
    asking = new AbortController();
    try {
      const address = new URL(field.dataset.search ?? '', location.href);
      address.searchParams.set('q', query);
      const answer = await fetch(address, { signal: asking.signal });
      if (!answer.ok || asked !== query) return;
      const list = await answer.text();
      asking = undefined;
      show(list, query);
    } catch (error) {
      if (!(error instanceof DOMException)) close();
    }
  };
  /** @param {string} html of our own server, escaped there @param {string} query */
  const show = (html, query) => {
    // Who has gone into the list reads it, and who has gone away is not called back.
    if (!form.contains(document.activeElement) || box.contains(document.activeElement)) return;
    box.innerHTML = html;
    status.textContent = box.querySelector('[data-status]')?.textContent ?? '';
    if (links().length) {
      const address = new URL(form.action);
      for (const [key, value] of new FormData(form)) address.searchParams.set(key, String(value));
      address.searchParams.set('q', query);
      box.append(Object.assign(document.createElement('a'), { href: address.href, className: 'all', textContent: box.dataset.all }));
    }
    box.hidden = false;
    if (box.querySelector('[data-later]')) timer = setTimeout(ask, AGAIN);
  };

  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  field.addEventListener('focus', () => { if (field.value.trim() && field.value.trim() === asked && box.childElementCount) box.hidden = false; });
  form.addEventListener('keydown', (event) => {
    const all = links();
    if (event.key === 'Escape' && !box.hidden) {
      event.preventDefault();
      field.focus();
      close();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && !box.hidden && all.length) {
      event.preventDefault();
      const at = all.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement)) + (event.key === 'ArrowDown' ? 1 : -1);
      if (at < 0) field.focus();
      else all[Math.min(at, all.length - 1)].focus();
    }
  });
  form.addEventListener('focusout', ({ relatedTarget }) => { if (!form.contains(/** @type {Node | null} */ (relatedTarget))) close(); });
  form.addEventListener('submit', (event) => { if (!field.value.trim()) event.preventDefault(); });
}

/** Makes the search in the header work as one types. */
export function searchField() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector('form.search'));
  if (form) search(form);
}
