/**
 * The picture: non-root operation above, VMCSs in memory between, root operation below, the processor at the bottom, and the dot
 * that is control. Places come from model/layout.js, facts from model/selectors.js; here they become SVG.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing, svg } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { modesOf } from '../model/guest_mode.js';
import { rootBoxes } from '../model/layout.js';
import { dotAt, otherDots } from '../model/motion.js';
import { whatHappened, whoHasControl } from '../model/sentences.js';
import { actingOf, focusVm, litArrow, processorOf, processorsOf } from '../model/selectors.js';
import { boxName, layoutOf, vmmKey } from './place.js';
import { choosing, regionBox } from './region.js';
import { processorBox, processorCards, standing } from './processor.js';
import { arrows, vmBox } from './vm.js';
import { vmcsCard } from './vmcs_card.js';

/** @param {Context} context @param {boolean} compact @param {boolean} [asks]  whether a place that a question asks for can be chosen in it */
export function diagram(context, compact, asks = false) {
  const { state, boot, t } = context;
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  if (state.stage.width < 80) return nothing;
  const place = layoutOf(state, t, boot.lang, compact);
  const processor = processorOf(scene);
  const lit = litArrow(state);
  const focus = focusVm(scene, state.outline);
  const choice = asks ? choosing(context, place) : null;
  const dot = dotAt(state, place);
  const all = processorsOf(scene);
  const off = all.every(({ processor: { mode } }) => mode === 'off');
  const acting = actingOf(scene);
  const label = [t('diagram.label', { who: whoHasControl(scene, t), what: whatHappened(state, t) }), ...modesOf(scene, state.outline, t),
    ...(acting === undefined ? [] : all.map((one) => t('diagram.stands', { number: one.number, how: standing(one, t) })))].join('. ');
  return html`<svg class="diagram mode-${processor.mode} ${choice ? 'choosing' : ''}" width=${place.width} height=${place.height} viewBox="0 0 ${place.width} ${place.height}" role=${choice ? 'group' : 'img'} aria-label=${label}>
    <defs>
      ${['exit', 'entry', 'used', 'quiet'].map((kind) => svg`<marker id="tip-${kind}" viewBox="0 0 10 10" refX="7" refY="5" markerUnits="userSpaceOnUse" markerWidth="15" markerHeight="15" orient="auto"><path class="tip tip-${kind}" d="M0 0 10 5 0 10z"></path></marker>`)}
      <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"></path></pattern>
    </defs>
    ${band('guest', 'term.non_root_operation', place.guestBand, t('diagram.guest_band'), all.some(({ processor: { mode } }) => mode === 'non_root'), compact)}
    ${place.rings.map(({ y, ring }) => svg`<text class="small quiet" data-about="term.ring" x="18" y=${y}>${t('diagram.ring', { ring })}</text>`)}
    ${place.ringLine === null ? nothing : svg`<line class="ring-line" x1="66" y1=${place.ringLine} x2=${place.width - 18} y2=${place.ringLine}></line>`}
    ${place.memory ? svg`<text class="small quiet" data-about="term.memory" x=${place.memory.x} y=${place.memory.y}>${t('diagram.memory')}</text>` : nothing}
    ${band(off ? 'off' : 'root', off ? 'term.vmx_off' : 'term.root_operation', place.rootBand, t(off ? 'diagram.off_band' : 'diagram.root_band'), all.some(({ processor: { mode } }) => mode !== 'non_root'), compact)}
    ${repeat(place.vms, ({ id }) => id, (vm, index) => svg`<g class="vm-tone-${index}">${arrows(context, vm, lit, focus, compact)}</g>`)}
    ${repeat(place.vms, ({ id }) => id, (vm, index) => svg`<g class="vm-tone-${index}">${vmBox(context, vm, compact, choice)}${vmcsCard(context, vm, place)}</g>`)}
    ${vmm(context, place, compact, choice)}
    ${place.processor ? processorBox(context, place.processor) : nothing}
    ${processorCards(context, place.processors)}
    <g class="flights"></g>
    ${acting === undefined ? nothing : otherDots(state, place).map(({ number, x, y }) => {
    const other = scene.processors[number];
    return svg`<g class="other-dot dot-${other.mode === 'non_root' ? 'entry' : other.mode} ${other.activity}" transform="translate(${x} ${y})"><circle class="core" r="9"></circle><text class="dot-number" y="4.5" text-anchor="middle">${number}</text></g>`;
  })}
    <g class="dot dot-${processor.mode === 'off' ? 'off' : processor.mode === 'non_root' || (lit?.fresh && lit.of === 'entry' && !lit.failed) ? 'entry' : lit?.fresh ? 'exit' : 'root'}" transform="translate(${dot.x} ${dot.y})"><circle class="halo" r=${compact ? 13 : 15}></circle><circle class="core" r=${compact && acting === undefined ? 8 : 9}></circle>${acting === undefined ? nothing : svg`<text class="dot-number" y="4.5" text-anchor="middle">${acting}</text>`}</g>
  </svg>`;
}

/** @param {string} kind @param {string} about @param {import('../model/layout.js').Box} box @param {string} name @param {boolean} active @param {boolean} compact */
function band(kind, about, { x, y, w, h }, name, active, compact) {
  return svg`<g class="band band-${kind} ${active ? 'active' : ''}"><rect class="band-fill" x=${x} y=${y} width=${w} height=${h} rx="12"></rect>
    ${kind === 'root' ? svg`<rect class="band-hatch" x=${x} y=${y} width=${w} height=${h} rx="12" fill="url(#hatch)"></rect>` : nothing}
    <text class="band-name" data-about=${about} x=${compact ? 14 : 18} y=${y + (compact ? 19 : 24)}>${name}</text></g>`;
}

/** The monitor and the parts of its code, lit by where RIP is. @param {Context} context @param {import('../model/layout.js').Layout} place @param {boolean} compact @param {import('./region.js').Choosing | null} choice */
function vmm({ state, boot, t }, place, compact, choice) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const { x, y, w, h } = place.vmm;
  const inRoot = processorOf(scene).mode !== 'non_root';
  const regions = state.outline.regions ?? [];
  const shown = rootBoxes(place, scene.region, regions.filter(({ where }) => where === 'root').map(({ id }) => id));
  return svg`${place.rootRing === null ? nothing : svg`<text class="small quiet" data-about="term.ring" x="18" y=${place.rootRing}>${t('diagram.ring', { ring: 0 })}</text>`}
    <rect class="vmm" x=${x} y=${y} width=${w} height=${h} rx="10"></rect>
    <text class="name" data-about="term.vmm" x=${place.vmmName.x} y=${place.vmmName.y}>${t(vmmKey(place.width, compact))}</text>
    ${repeat(shown, ({ id }) => id, (box) => {
    const region = regions.find(({ id }) => id === box.id);
    const words = region ? boxName(region, regions, boot.lang, t) : box.id;
    return regionBox(box, { words, lit: inRoot && box.id === scene.region, room: box.w - 4, unit: 6.2 }, choice);
  })}`;
}
