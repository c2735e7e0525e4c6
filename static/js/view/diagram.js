/**
 * The picture: non-root operation above, VMCSs in memory between, root operation below, the processor at the bottom, and the dot
 * that is control. Places come from model/layout.js, facts from model/selectors.js; here they become SVG.
 * @typedef {import('./player.js').Context} Context
 */
import { html, nothing, svg } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { fit } from '../model/format.js';
import { rootBoxes } from '../model/layout.js';
import { dotAt } from '../model/motion.js';
import { whatHappened, whoHasControl } from '../model/sentences.js';
import { focusVm, litArrow, processorOf } from '../model/selectors.js';
import { layoutOf, vmmKey } from './place.js';
import { processorBox } from './processor.js';
import { arrows, vmBox } from './vm.js';
import { vmcsCard } from './vmcs_card.js';

/** @param {Context} context @param {boolean} compact */
export function diagram(context, compact) {
  const { state, boot, t } = context;
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  if (state.stage.width < 80) return nothing;
  const place = layoutOf(state, boot.lang, compact);
  const processor = processorOf(scene);
  const lit = litArrow(state);
  const focus = focusVm(scene, state.outline);
  const dot = dotAt(state, place);
  const off = processor.mode === 'off';
  const label = t('diagram.label', { who: whoHasControl(scene, t), what: whatHappened(state, t) });
  return html`<svg class="diagram mode-${processor.mode}" width=${place.width} height=${place.height} viewBox="0 0 ${place.width} ${place.height}" role="img" aria-label=${label}>
    <defs>
      ${['exit', 'entry', 'used', 'quiet'].map((kind) => svg`<marker id="tip-${kind}" viewBox="0 0 10 10" refX="7" refY="5" markerUnits="userSpaceOnUse" markerWidth="15" markerHeight="15" orient="auto"><path class="tip tip-${kind}" d="M0 0 10 5 0 10z"></path></marker>`)}
      <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"></path></pattern>
    </defs>
    ${band('guest', place.guestBand, t('diagram.guest_band'), processor.mode === 'non_root', compact)}
    ${place.rings.map(({ y, ring }) => svg`<text class="small quiet" x="18" y=${y}>${t('diagram.ring', { ring })}</text>`)}
    ${place.ringLine === null ? nothing : svg`<line class="ring-line" x1="66" y1=${place.ringLine} x2=${place.width - 18} y2=${place.ringLine}></line>`}
    ${place.memory ? svg`<text class="small quiet" x=${place.memory.x} y=${place.memory.y}>${t('diagram.memory')}</text>` : nothing}
    ${band(off ? 'off' : 'root', place.rootBand, t(off ? 'diagram.off_band' : 'diagram.root_band'), processor.mode !== 'non_root', compact)}
    ${repeat(place.vms, ({ id }) => id, (vm, index) => svg`<g class="vm-tone-${index}">${arrows(context, vm, lit, focus, compact)}</g>`)}
    ${repeat(place.vms, ({ id }) => id, (vm, index) => svg`<g class="vm-tone-${index}">${vmBox(context, vm, compact)}${vmcsCard(context, vm, place)}</g>`)}
    ${vmm(context, place, compact)}
    ${place.processor ? processorBox(context, place.processor) : nothing}
    <g class="flights"></g>
    <g class="dot dot-${off ? 'off' : processor.mode === 'non_root' || (lit?.fresh && lit.of === 'entry') ? 'entry' : lit?.fresh ? 'exit' : 'root'}" transform="translate(${dot.x} ${dot.y})"><circle class="halo" r=${compact ? 13 : 15}></circle><circle class="core" r=${compact ? 8 : 9}></circle></g>
  </svg>`;
}

/** @param {string} kind @param {import('../model/layout.js').Box} box @param {string} name @param {boolean} active @param {boolean} compact */
function band(kind, { x, y, w, h }, name, active, compact) {
  return svg`<g class="band band-${kind} ${active ? 'active' : ''}"><rect class="band-fill" x=${x} y=${y} width=${w} height=${h} rx="12"></rect>
    ${kind === 'root' ? svg`<rect class="band-hatch" x=${x} y=${y} width=${w} height=${h} rx="12" fill="url(#hatch)"></rect>` : nothing}
    <text class="band-name" x=${compact ? 14 : 18} y=${y + (compact ? 19 : 24)}>${name}</text></g>`;
}

/** The monitor and the parts of its code, lit by where RIP is. @param {Context} context @param {import('../model/layout.js').Layout} place @param {boolean} compact */
function vmm({ state, boot, t }, place, compact) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const { x, y, w, h } = place.vmm;
  const inRoot = processorOf(scene).mode !== 'non_root';
  const regions = state.outline.regions ?? [];
  const shown = rootBoxes(place, scene.region, regions.filter(({ where }) => where === 'root').map(({ id }) => id));
  return svg`${place.rootRing === null ? nothing : svg`<text class="small quiet" x="18" y=${place.rootRing}>${t('diagram.ring', { ring: 0 })}</text>`}
    <rect class="vmm" x=${x} y=${y} width=${w} height=${h} rx="10"></rect>
    <text class="name" x=${place.vmmName.x} y=${place.vmmName.y}>${t(vmmKey(place.width, compact))}</text>
    ${repeat(shown, ({ id }) => id, (box) => {
    const region = regions.find(({ id }) => id === box.id);
    const name = region?.name[boot.lang] ?? region?.name.en ?? box.id;
    return svg`<g class="region ${inRoot && box.id === scene.region ? 'lit' : ''}"><rect x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="7"></rect>
        <text x=${box.x + box.w / 2} y=${box.y + box.h / 2 + 4.5} text-anchor="middle">${fit(name, box.w - 4, 6.2)}<title>${name}</title></text></g>`;
  })}`;
}
