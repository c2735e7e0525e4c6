/**
 * "Export": the picture of this step, or of a range of steps, as a file for slides and papers; the scene as text.
 */
import { html, nothing, render } from 'lit-html';
import { animation, copyOf, single, strip, toPng } from '../export/picture.js';
import { MOST, scenesOf } from '../export/scenes.js';
import { sceneText } from '../model/scene_text.js';
import { formatPosition } from '../model/position.js';
import { liveSentence } from '../model/sentences.js';
import { diagram } from './diagram.js';

/** Size of the pictures, whatever the window's is. */
const STAGE = { width: 896, height: 540 };
const SECONDS = 1.6;

/** @param {{boot: import('../types').Boot, t: import('../types').Translate, state: import('../types').State}} context */
export function exportDialog({ boot, t, state }) {
  if (document.getElementById('export-dialog')) return;    // who clicked twice while this script came
  const host = document.body.appendChild(document.createElement('div'));
  const studio = document.body.appendChild(Object.assign(document.createElement('div'), { className: 'studio', inert: true }));
  const { step } = state.position;
  const wish = { from: step, to: Math.min(state.length, step + 8), phases: true };
  let said = '';
  let busy = false;

  const style = getComputedStyle(document.documentElement);
  const colours = { ink: style.getPropertyValue('--ink').trim(), paper: style.getPropertyValue('--panel').trim(), font: style.getPropertyValue('--sans').trim() };
  /** @param {import('../types').State} at */
  const picture = (at) => {
    render(diagram({ state: { ...at, stage: STAGE }, boot, t, run: () => {} }, false), studio);
    return copyOf(/** @type {SVGSVGElement} */ (studio.querySelector('svg')), liveSentence(at, t));
  };
  const name = (/** @type {string} */ what, /** @type {string} */ ending) => `${boot.lesson}-${what}.${ending}`;
  /** @param {Blob} blob @param {string} file */
  const save = (blob, file) => {
    const url = URL.createObjectURL(blob);
    Object.assign(document.createElement('a'), { href: url, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    said = t('export.saved', { file });
  };
  const asSvg = (/** @type {string} */ text) => new Blob([text], { type: 'image/svg+xml' });
  /** @param {() => Promise<void>} work */
  const doing = (work) => async () => {
    if (busy) return;
    busy = true;
    said = t('export.working');
    draw();
    try { await work(); } catch { said = t('export.failed'); }
    busy = false;
    draw();
  };
  const here = formatPosition(state.position);
  const range = async () => {
    /** @type {import('../export/picture.js').Picture[]} */
    const pictures = [];
    await scenesOf(boot, wish.from, wish.to, wish.phases, (at) => pictures.push(picture(at)));
    return pictures;
  };
  const spans = () => `${wish.from}-${wish.to}`;

  function draw() {
    const number = (/** @type {'from' | 'to'} */ key) => html`<label>${t(`export.${key}`)}<input type="number" min="0" max=${state.length} .value=${String(wish[key])} @change=${(/** @type {Event & {target: HTMLInputElement}} */ event) => {
      wish[key] = Math.max(0, Math.min(state.length, Math.trunc(Number(event.target.value)) || 0));
      if (wish.to < wish.from) wish[key === 'from' ? 'to' : 'from'] = wish[key];
      draw();
    }}></label>`;
    const button = (/** @type {string} */ key, /** @type {() => Promise<void>} */ work) => html`<button class="btn" type="button" aria-disabled=${busy} @click=${doing(work)}>${t(key)}</button>`;
    render(html`<dialog id="export-dialog" aria-labelledby="export-title" @close=${() => { host.remove(); studio.remove(); }}>
      <h2 id="export-title">${t('export.title')}</h2>
      <h3>${t('export.this', { position: here })}</h3>
      <p class="choose">${button('export.svg', async () => save(asSvg(single(picture(state), colours)), name(here, 'svg')))}
        ${button('export.png', async () => save(await toPng(single(picture(state), colours)), name(here, 'png')))}
        ${button('export.text', async () => save(new Blob([sceneText(state, t)], { type: 'text/plain;charset=utf-8' }), name(here, 'txt')))}
        ${button('export.print', async () => { host.querySelector('dialog')?.close(); window.print(); })}</p>
      <h3>${t('export.range')}</h3>
      <div class="embed-choices">${number('from')}${number('to')}<label class="switch"><input type="checkbox" .checked=${wish.phases} @change=${(/** @type {Event & {target: HTMLInputElement}} */ event) => { wish.phases = event.target.checked; }}> ${t('export.phases')}</label></div>
      <p class="choose">${button('export.strip', async () => save(asSvg(strip(await range(), colours)), name(spans(), 'svg')))}
        ${button('export.strip_png', async () => save(await toPng(strip(await range(), colours), 1.5), name(spans(), 'png')))}
        ${button('export.animation', async () => save(asSvg(animation(await range(), colours, SECONDS)), name(`${spans()}-moving`, 'svg')))}</p>
      <p class="embed-note">${t('export.most', { count: MOST })}</p>
      <p class="embed-copied" role="status">${said || nothing}</p>
      <form method="dialog" class="buttons"><button class="btn">${t('help.close')}</button></form></dialog>`, host);
  }
  draw();
  host.querySelector('dialog')?.showModal();
}
