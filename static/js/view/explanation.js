/**
 * The explanation of one thing, beside the place where it stands: a native modal dialog, so that the browser keeps the focus inside,
 * closes it on Escape and gives the focus back. A click beside it closes it too.
 * @typedef {import('../model/reference.js').Reference} Reference
 * @typedef {import('./player.js').Context} Context
 * @typedef {HTMLElement | SVGElement} Mark
 */
import { html, nothing, render } from 'lit-html';
import { translator } from '../model/words.js';
import { decode, layoutFor, maskOf, namedBy, nextSeen, pageOf, placeBeside, titleOf, valueOf } from '../model/reference.js';

/** What the learner asked about a picture as a whole: all that it names. */
const LIST = 'list';

const dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'explain' }));
dialog.setAttribute('aria-labelledby', 'explain-title');
dialog.setAttribute('aria-describedby', 'explain-text');
/** @type {Mark | null} */
let asked = null;
dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
dialog.addEventListener('keydown', (event) => {
  event.stopPropagation();
  if (event.key !== 'Escape') return;
  event.preventDefault();
  dialog.close();
});
dialog.addEventListener('close', () => {
  document.removeEventListener('scroll', place, true);
  window.removeEventListener('resize', place);
  if (asked instanceof HTMLElement) asked.focus();
});

/** The words around an explanation; they come with the reference. */
let say = translator({});

/** @param {Mark} mark @param {Reference} reference @param {Context} context */
export function showExplanation(mark, reference, context) {
  say = translator(reference.words, reference.lang);
  // Explanations may be in another language than the page: there are fewer of them than languages of the interface.
  dialog.lang = reference.lang;
  dialog.dir = reference.lang === context.boot.lang ? document.documentElement.dir : 'auto';
  const key = mark.dataset.about ?? '';
  open(mark, key === LIST ? list(terms(reference), reference, context) : explanation(key, mark.dataset.of, reference, context));
}

/** @param {Mark} mark @param {Context} context */
export function showTrouble(mark, { t }) {
  open(mark, html`${head('', t('explain.failed'), t)}`);
}

/** @param {Mark} mark @param {unknown} content */
function open(mark, content) {
  asked = mark;
  if (!dialog.open) dialog.showModal();
  document.addEventListener('scroll', place, true);
  window.addEventListener('resize', place);
  show(content);
}

/** Readers begin with the title. @param {unknown} content */
function show(content) {
  render(content, dialog);
  dialog.scrollTop = 0;
  place();
  /** @type {HTMLElement | null} */ (dialog.querySelector('h2'))?.focus();
}

/** In the lengths of the dialog itself: the mode for a hall enlarges the page. */
function place() {
  if (!asked) return;
  dialog.style.maxHeight = '';
  const zoom = /** @type {{currentCSSZoom?: number}} */ (dialog).currentCSSZoom ?? 1;
  const { left, top, right, bottom } = asked.getBoundingClientRect();
  const at = placeBeside({ left: left / zoom, top: top / zoom, right: right / zoom, bottom: bottom / zoom }, { width: dialog.offsetWidth, height: dialog.offsetHeight },
    { width: document.documentElement.clientWidth / zoom, height: innerHeight / zoom });
  Object.assign(dialog.style, { left: `${at.left}px`, top: `${at.top}px`, maxHeight: `${at.height}px` });
}

/** @param {string} kind @param {string} title @param {import('../types').Translate} t @param {() => void} [back] */
function head(kind, title, t, back) {
  return html`<header>${back ? html`<button class="btn" aria-label=${say('back')} @click=${back}>‹</button>` : nothing}
    <div>${kind ? html`<p class="kick">${say(kind)}</p>` : nothing}<h2 id="explain-title" tabindex="-1">${title}</h2></div>
    <button class="btn" lang=${document.documentElement.lang} aria-label=${t('explain.close')} @click=${() => dialog.close()}>✕</button></header>`;
}

/** @param {string} key @param {string | undefined} of @param {Reference} reference @param {Context} context @param {() => void} [back] */
function explanation(key, of, reference, context, back) {
  const { state, boot, t, run } = context;
  const entry = reference.entries[key];
  if (!entry) return head('', say('unknown'), t, back);
  const value = valueOf(key, of, state.scene);
  const step = nextSeen(entry.seen, state.outline, state.position);
  const more = pageOf(reference, key, boot.prefix, location.search);
  const named = value ? namedBy(reference, key, value.hex) : '';
  const go = (/** @type {() => void} */ act) => () => {
    dialog.close();
    act();
  };
  return html`${head(key.split('.')[0], titleOf(reference, key, t), t, back)}
    <p id="explain-text">${entry.text}</p>
    ${value ? html`<p class="value-now">${say('value')} <code>${value.shown}</code>
      ${named ? html`<button class="link" @click=${() => show(explanation(named, undefined, reference, context, () => show(explanation(key, of, reference, context, back))))}>${titleOf(reference, named, t)}</button>` : nothing}</p>${bits(key, of, reference, context)}` : nothing}
    <p class="source">${say('source', { volume: entry.volume, section: entry.section })}</p>
    ${more ? html`<p class="source"><a href=${more} target="_blank" rel="noopener">${say('more')}</a></p>` : nothing}
    ${step === null && !value ? nothing : html`<p class="buttons">
      ${step === null ? nothing : html`<button class="btn" @click=${go(() => run('seek', { step, phase: 0 }))}>${say('see', { step })}</button>`}
      ${value ? html`<button class="btn" lang=${boot.lang} dir="auto" @click=${go(() => run('lastChange', { slot: value.slot, name: value.label }))}>${t('change.ask')}</button>` : nothing}</p>`}`;
}

/** The value taken apart. @param {string} key @param {string | undefined} of @param {Reference} reference @param {Context} context */
function bits(key, of, reference, { state, boot, t, run }) {
  const found = layoutFor(reference, key, of, state.scene);
  if (!found) return nothing;
  const { set, clear, reserved } = decode(reference, found.layout, found.hex);
  const whole = valueOf(key, of, state.scene)?.label ?? '';
  const ask = (/** @type {string} */ at, /** @type {string} */ name) => {
    dialog.close();
    run('lastChange', { slot: found.slot, name: `${whole}: ${name}`, bits: maskOf(at) });
  };
  const row = (/** @type {import('../model/reference.js').Bit} */ { name, bits: at, text, value }) => html`<div><dt>${at ? html`<span class="bits">${at}</span>` : nothing}${name}${value ? html` <code>${value}</code>` : nothing}${at
    ? html` <button class="btn when" lang=${boot.lang} title=${t('change.ask')} aria-label="${name}: ${t('change.ask')}" @click=${() => ask(at, name)}>↶</button>` : nothing}</dt><dd>${text}</dd></div>`;
  return html`${set.length ? html`<dl class="bit-list">${set.map(row)}</dl>` : nothing}
    ${reserved.length ? html`<p class="note">${say('reserved', { bits: reserved.join(', ') })}</p>` : nothing}
    ${clear.length ? html`<details @toggle=${place}><summary>${say('clear', { count: clear.length })}</summary><dl class="bit-list">${clear.map(row)}</dl></details>` : nothing}`;
}

/** The keys that the picture names, each once, in its order. @param {Reference} reference */
function terms({ entries }) {
  const named = [...document.querySelectorAll('#stage [data-about], #stage [data-term]')].map((label) => label.getAttribute('data-about') ?? label.getAttribute('data-term') ?? '');
  return [...new Set(named)].filter((key) => key in entries);
}

/** @param {string[]} keys @param {Reference} reference @param {Context} context @returns {unknown} */
function list(keys, reference, context) {
  const { t } = context;
  const all = () => show(list(keys, reference, context));
  return html`${head('', t('explain.terms'), t)}
    <ul id="explain-text" class="term-list">${keys.map((key) => html`<li><button class="link" @click=${() => show(explanation(key, undefined, reference, context, all))}>${titleOf(reference, key, t)}</button></li>`)}</ul>`;
}
