/**
 * The Code tab: the program's source with address and bytes, the monitor's and the guest's code side by side (below one another where it is narrow).
 * In each the next instruction is marked: where it runs, where the guest stopped, where the monitor will go on.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/code_panes.js').Side} Side
 */
import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { blocksOf, linear, linesFor, ownersOf, sidesOf } from '../model/code_panes.js';
import { symbolsByAddress } from '../model/format.js';
import { tidy } from '../model/source.js';
import { later } from './later.js';
import { roam } from './rows.js';

/** @typedef {{line: import('../types').Line, words: ReturnType<typeof tidy>}} Tidied */
/** @type {WeakMap<object, Tidied[]>} */
const tidied = new WeakMap();
/** Blocks on each side of the one with the next instruction that are drawn with it: what stands around it must not move it out of sight when it comes. */
const NEAR = 1;
/** Digits of machine code that a line shows. */
const MOST_DIGITS = 13;

/** A listing's lines with their words, computed once; mere rules and doubled empty lines are left out. @param {import('../types').Listing} listing */
function linesOf(listing) {
  let lines = tidied.get(listing);
  if (!lines) {
    const empty = (/** @type {ReturnType<typeof tidy>} */ { code: words, comment }) => !words && !comment;
    lines = listing.lines.map((line) => ({ line, words: tidy(line.text) }))
      .filter(({ line, words }, n, all) => !empty(words) || (line.text.trim() === '' && n > 0 && !empty(all[n - 1].words)));
    tidied.set(listing, lines);
  }
  return lines;
}

/** @typedef {{key: string, lines: Tidied[], addresses: Set<string>}[]} Blocks */
/** @type {WeakMap<object, Map<string, Blocks>>} */
const cutUp = new WeakMap();

/** The blocks of a side, made once where it always shows the same lines. @param {import('../types').State} state @param {Side} side @param {boolean} alone */
function blocksFor({ listing, outline }, side, alone) {
  const owners = ownersOf(listing, outline.regions ?? []);
  const make = () => blocksOf(linesFor(linesOf(listing), side, owners, alone));
  if (!alone && side.id === 'guest' && !owners.size) return make();
  const known = /** @type {Map<string, Blocks>} */ (cutUp.get(listing) ?? new Map());
  cutUp.set(listing, known);
  const key = alone ? '' : `${side.id} ${side.vm}`;
  const blocks = known.get(key) ?? make();
  known.set(key, blocks);
  return blocks;
}

/** @param {Context} context */
export function code(context) {
  const { state, t, run } = context;
  const all = sidesOf(state);
  const narrow = document.documentElement.classList.contains('compact');
  const running = (all.find(({ live }) => live) ?? all[0]).id;
  const chosen = all.length < 2 ? 'vmm' : state.codeSide === 'auto' ? (narrow ? running : 'both') : state.codeSide;
  const shown = all.filter(({ id }) => chosen === 'both' || id === chosen);
  const name = (/** @type {string} */ id) => (id === 'both' ? t('code.both') : sideName(/** @type {Side} */ (all.find((side) => side.id === id)), t));
  return html`<div class="code-tab">${all.length > 1 || state.breakpoints.length ? html`<div class="choose">
      ${all.length > 1 ? html`<span class="choose" role="group" aria-label=${t('code.sides')}>${['both', 'vmm', 'guest'].map((id) => html`
        <button class="btn" data-command="codeSide" aria-pressed=${chosen === id} @click=${() => run('codeSide', id)}>${name(id)}</button>`)}</span>` : nothing}
      ${state.breakpoints.length ? html`<button class="btn" data-command="toBreakpoint" @click=${() => run('toBreakpoint')}>${t('code.run')}</button>` : nothing}</div>` : nothing}
    <div class="code-sides">${repeat(shown, ({ id }) => id, (side) => pane(context, side, all.length < 2))}</div></div>`;
}

/** @param {Side} side @param {import('../types').Translate} t */
function sideName({ id, vm }, t) {
  return id === 'vmm' ? t('code.vmm') : t('code.guest', { vm });
}

/** @param {Context} context @param {Side} side @param {boolean} alone */
function pane({ state, t, run }, side, alone) {
  const { scene, listing } = state;
  const blocks = blocksFor(state, side, alone);
  const others = Object.entries(/** @type {import('../types').Scene} */ (scene).vms).filter(([vm, { last_exit: exit, guest }]) => exit && guest && side.id === 'vmm' && vm !== side.vm)
    .flatMap(([vm, { vmcs }]) => {
      const fields = scene?.vmcs[vmcs ?? '']?.fields;
      return fields?.guest_rip ? [{ vm, at: linear(fields.guest_cs_base, fields.guest_rip) }] : [];
    });
  const symbol = symbolsByAddress(listing.symbols).get(side.at);
  const head = side.at ? t(`code.stand.${side.stand}`, { address: symbol ? `${side.at} ${symbol}` : side.at }) : t('code.stand.none');
  const current = Math.max(0, blocks.findIndex(({ addresses }) => addresses.has(side.at)));
  const told = t(`code.mark.${side.stand}`, { vm: side.vm });
  /** All that the marks of a block depend on. @param {typeof blocks[number]} block */
  const marksIn = ({ addresses }) => [addresses.has(side.at) ? `${side.at} ${side.live} ${told}` : '', ...others.filter(({ at }) => addresses.has(at)).map(({ vm, at }) => `${vm} ${at}`),
    ...state.breakpoints.filter((address) => addresses.has(address))].join('|');
  /** @param {Tidied} tidied */
  const row = ({ line, words }) => {
    const next = Boolean(line.bytes) && line.address === side.at;
    const waiting = line.bytes ? others.filter(({ at }) => at === line.address) : [];
    const stops = line.address !== undefined && state.breakpoints.includes(line.address);
    return html`<li class="${next ? (side.live ? 'next' : 'stands') : line.bytes ? '' : 'plain'} row" ?data-current=${next} aria-current=${next && side.live ? 'step' : nothing}>
      <span class="mark">${next ? html`<span title=${told}>${side.live ? '▶' : '▷'}</span><span class="hear">${told}</span>`
    : waiting.map(({ vm }) => html`<span class="waits" title=${t('code.waits', { vm })}>${vm}<span class="hear"> ${t('code.waits', { vm })}</span></span>`)}</span>
      ${line.bytes ? html`<button class="address ${stops ? 'stops' : ''}" tabindex="-1" aria-pressed=${stops} aria-label=${t('code.breakpoint', { address: line.address })} title="${line.bytes} · ${t('code.breakpoint', { address: line.address })}"
        @click=${() => run('toggleBreakpoint', line.address)}>${line.address}</button>` : html`<span class="address"></span>`}<span class="machine-code">${cut(line.bytes)}</span>${source(words)}</li>`;
  };
  return html`<section class="code-side ${side.live ? 'live' : ''}" aria-label="${sideName(side, t)}: ${head}">
    ${alone ? nothing : html`<p class="code-head"><b>${sideName(side, t)}</b> <span>${head}</span></p>`}
    ${blocks.length ? html`<ol class="code" role="list" aria-label=${t('code.label')} tabindex="0" data-scroller @keydown=${roam}>${repeat(blocks, ({ key }) => key, (block, n) => {
    const distance = Math.max(0, Math.abs(n - current) - NEAR);
    return html`<div class="block" role="none">${later([listing, block.key, marksIn(block)], distance, html`<li class="later" aria-hidden="true"></li>`, () => repeat(block.lines, ({ line }) => line.n, row))}</div>`;
  })}</ol>` : html`<p class="empty">${t('code.elsewhere')}</p>`}</section>`;
}

/** @param {string | undefined} bytes */
function cut(bytes = '') {
  return bytes.length > MOST_DIGITS ? `${bytes.slice(0, MOST_DIGITS - 1)}…` : bytes;
}

/** A line with its comment told apart. @param {ReturnType<typeof tidy>} line */
function source({ indent, code: words, comment }) {
  return html`<code class=${indent ? 'indent' : ''}>${words}${words && comment ? '  ' : ''}${comment ? html`<span class="comment">${comment}</span>` : nothing}</code>`;
}
