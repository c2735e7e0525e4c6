/**
 * "Embed": the code that shows this lesson in another site, with a preview of what it will look like there.
 */
import { html, nothing, render } from 'lit-html';
import { addressOf, SNIPPETS } from '../model/embedding.js';
import { formatPosition } from '../model/position.js';

const KINDS = /** @type {const} */ (['frame', 'resized', 'element', 'link']);
const SIZES = /** @type {[number, number][]} */ ([[640, 480], [800, 600], [1200, 760]]);

/** @param {{boot: import('../types').Boot, t: import('../types').Translate, state: import('../types').State}} context */
export function embedDialog({ boot, t, state }) {
  if (document.getElementById('embed-dialog')) return;     // who clicked twice while this script came
  const base = new URL(`${boot.prefix}/`, location.href).href;
  const here = formatPosition(state.position);
  const choice = { base, lesson: boot.lesson, title: boot.text.title, lang: boot.lang, theme: document.documentElement.dataset.theme ?? 'auto', controls: 'full', seed: boot.variant ? String(boot.variant) : '', drive: state.drive ? '1' : '',
    step: here === '0' ? '' : here, width: 800, height: 600 };
  /** @type {typeof KINDS[number]} */
  let kind = 'frame';
  let copied = '';
  const host = document.body.appendChild(document.createElement('div'));

  /** @param {Partial<typeof choice>} patch */
  const choose = (patch) => {
    Object.assign(choice, patch);
    copied = '';
    draw();
  };
  /** @param {string} label @param {string} key @param {[string, string][]} options */
  const select = (label, key, options) => html`<label>${label}<select @change=${(/** @type {Event & {target: HTMLSelectElement}} */ event) => choose({ [key]: event.target.value })}>
    ${options.map(([value, words]) => html`<option value=${value} ?selected=${/** @type {any} */ (choice)[key] === value}>${words}</option>`)}</select></label>`;
  const copy = () => {
    const done = (/** @type {string} */ key) => { copied = t(key); draw(); };
    if (!navigator.clipboard) return done('embed.copy_by_hand');
    navigator.clipboard.writeText(SNIPPETS[kind](choice)).then(() => done('embed.copied'), () => done('embed.copy_by_hand'));
  };

  function draw() {
    const size = `${choice.width}×${choice.height}`;
    render(html`<dialog id="embed-dialog" aria-labelledby="embed-title" @close=${() => host.remove()}>
      <h2 id="embed-title">${t('embed.title')}</h2>
      <div class="embed-choices">
        ${select(t('embed.start'), 'step', [['', t('embed.from_start')], ...(here === '0' ? [] : /** @type {[string, string][]} */ ([[here, t('embed.from_here', { position: here })]]))])}
        ${select(t('nav.language'), 'lang', [...document.querySelectorAll('.languages a')].map((a) => [a.getAttribute('data-lang') ?? 'en', a.textContent ?? '']))}
        ${select(t('embed.theme'), 'theme', ['auto', 'light', 'dark', 'contrast'].map((theme) => [theme, t(`theme.${theme}`)]))}
        ${select(t('embed.controls'), 'controls', ['full', 'min', 'none'].map((controls) => [controls, t(`embed.controls.${controls}`)]))}
        ${boot.variants > 1 ? select(t('embed.seed'), 'seed', [['', t('embed.seed.none')], ...Array.from({ length: boot.variants - 1 }, (_, n) => /** @type {[string, string]} */ ([String(n + 1), t('embed.seed.number', { number: n + 1 })]))]) : nothing}
        ${boot.outline.driven ? select(t('embed.drive'), 'drive', [['', t('embed.drive.off')], ['1', t('embed.drive.on')]]) : nothing}
        <label>${t('embed.size')}<select @change=${(/** @type {Event & {target: HTMLSelectElement}} */ event) => { const [width, height] = SIZES[event.target.selectedIndex]; choose({ width, height }); }}>
          ${SIZES.map(([width, height]) => html`<option ?selected=${size === `${width}×${height}`}>${width} × ${height}</option>`)}</select></label>
      </div>
      <div class="embed-kinds" role="group" aria-label=${t('embed.kind')}>${KINDS.map((name) => html`
        <button class="btn" type="button" aria-pressed=${name === kind} @click=${() => { kind = name; choose({}); }}>${t(`embed.kind.${name}`)}</button>`)}</div>
      <p class="embed-note">${t(`embed.note.${kind}`)}</p>
      <textarea readonly rows="4" spellcheck="false" aria-label=${t('embed.code')} .value=${SNIPPETS[kind](choice)} @focus=${(/** @type {Event & {target: HTMLTextAreaElement}} */ event) => event.target.select()}></textarea>
      <p class="buttons"><span class="embed-copied" role="status">${copied || nothing}</span><button class="btn go" type="button" @click=${copy}>${t('embed.copy')}</button></p>
      <h3>${t('embed.preview')}</h3>
      <div class="embed-preview"><iframe title=${t('embed.preview')} src=${addressOf(choice, 'embed')} loading="lazy"></iframe></div>
      <form method="dialog" class="buttons"><button class="btn">${t('help.close')}</button></form></dialog>`, host);
  }
  draw();
  host.querySelector('dialog')?.showModal();
}
