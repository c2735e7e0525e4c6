/**
 * One virtual machine: its box with the code that runs in it, and the two arrows that join it to root operation.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/layout.js').VmPlace} VmPlace
 */
import { nothing, svg } from 'lit-html';
import { fit } from '../model/format.js';
import { textWidth } from '../model/layout.js';
import { reasonName } from '../model/sentences.js';
import { chipOf, processorOf, vmStatus } from '../model/selectors.js';

/** @param {Context} context @param {VmPlace} vm @param {boolean} compact */
export function vmBox({ state, boot, t }, vm, compact) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const fact = scene.vms[vm.id];
  const { x, y, w, h } = vm.box;
  const processor = processorOf(scene);
  const running = processor.mode === 'non_root' && processor.vm === vm.id;
  const name = t('diagram.vm', { vm: vm.id });
  const nameWidth = name.length * 7.6 + 8;
  const status = vmStatus(scene, vm.id);
  const pill = t(status.key);
  const pillWidth = textWidth(pill) + 20;
  const guest = fact?.bits ? t('diagram.bits', { bits: fact.bits }) : '';
  const taken = nameWidth + (vm.pill ? pillWidth + 12 : compact ? (vm.chip?.w ?? 0) : 0) + 2 * (vm.title.x - x);
  const bits = w - taken > textWidth(guest) ? guest : '';
  const regions = state.outline.regions ?? [];
  return svg`<g class="vm ${fact ? '' : 'absent'} ${running ? 'running' : ''} vm-${fact?.state ?? 'absent'}">
    <rect class="vm-box" x=${x} y=${y} width=${w} height=${h} rx="11"></rect>
    <text class="name" x=${vm.title.x} y=${vm.title.y}>${fit(w < 60 ? vm.id : name, w - 8, 7.4)}</text>
    ${bits ? svg`<text class="small quiet" x=${vm.title.x + nameWidth} y=${vm.title.y}>${bits}</text>` : nothing}
    ${vm.pill ? svg`<g class="pill pill-${status.tone}"><rect x=${x + w - pillWidth - 12} y=${y + 8} width=${pillWidth} height="20" rx="10"></rect><text x=${x + w - pillWidth / 2 - 12} y=${y + 22} text-anchor="middle">${pill}</text></g>` : nothing}
    ${vm.summary && fact ? svg`<text class="small quiet" x=${vm.summary.x} y=${vm.summary.y}>${fit(summary(fact, t), w - 24, 6.3)}</text>` : nothing}
    ${vm.regions.map((box) => {
    const region = regions.find(({ id }) => id === box.id);
    const lit = running && box.id === scene.region;
    const row = vm.regions.filter(({ y: other }) => other === box.y).length === 1 && region?.ring !== 3;
    const words = region?.name[boot.lang] ?? region?.name.en ?? box.id;
    return svg`<g class="region ${lit ? 'lit' : ''}"><rect x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="8"></rect>
        <text x=${row ? box.x + 13 : box.x + box.w / 2} y=${box.y + box.h / 2 + 4.5} text-anchor=${row ? 'start' : 'middle'}>${fit(words, row ? box.w - (vm.chip?.w ?? 0) - 20 : box.w - 6)}<title>${words}</title></text></g>`;
  })}
    ${chip(state, vm, compact)}</g>`;
}

/** @param {import('../types').Vm} vm @param {import('../types').Translate} t */
function summary(vm, t) {
  if (!vm.exits) return t('diagram.summary_none');
  return t(vm.exits === 1 ? 'diagram.summary_one' : 'diagram.summary', { exits: vm.exits, name: reasonName(t, vm.last_exit?.reason, vm.last_exit?.name) });
}

/** The instruction that runs there, or at which the VM waits. @param {import('../types').State} state @param {VmPlace} vm @param {boolean} compact */
function chip(state, vm, compact) {
  const what = vm.chip && chipOf(state, vm.id);
  if (!vm.chip || !what) return nothing;
  const { y, h } = vm.chip;
  const text = fit(`${what.address} ${what.text}`, vm.chip.w - (compact ? 6 : 10), 7.3);
  const w = Math.max(80, Math.min(vm.chip.w, text.length * 7.3 + 12));
  const x = vm.chip.x + vm.chip.w - w;
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const rings = state.outline.regions ?? [];
  const busy = vm.regions.find(({ id }) => (what.live ? id === scene.region : rings.find((region) => region.id === id)?.ring === what.ring));
  const top = !compact && busy ? busy.y + (busy.h - h) / 2 : y;
  return svg`<g class="chip ${what.live ? 'live' : ''}"><rect x=${x} y=${top} width=${w} height=${h} rx="6"></rect><text class="mono" x=${x + w / 2} y=${top + h / 2 + 4.5} text-anchor="middle">${text}</text></g>`;
}

/**
 * Entry up on the left, solid; exit down on the right, dashed. The last crossing is lit.
 * @param {Context} context @param {VmPlace} vm @param {ReturnType<typeof import('../model/selectors.js').litArrow>} lit @param {string} focus @param {boolean} compact
 */
export function arrows({ state, t }, vm, lit, focus, compact) {
  if (compact && vm.id !== focus) return nothing;
  const known = /** @type {import('../types').Scene} */ (state.scene).vms[vm.id];
  const here = lit?.vm === vm.id ? lit : null;
  const entering = here?.of === 'entry';
  const leaving = here?.of === 'exit';
  const used = (known?.entries ?? 0) > 0;
  const { entry, exit, entryLabel, exitLabel } = vm;
  return svg`<g class="arrows ${known ? '' : 'absent'}">
    <path class="arrow entry ${used ? 'used' : ''} ${entering ? 'lit' : ''} ${entering && here?.fresh ? 'fresh' : ''}" d="M${entry.x} ${entry.from}V${entry.to}" marker-end="url(#tip-${entering ? 'entry' : used ? 'used' : 'quiet'})"></path>
    <path class="arrow exit ${leaving ? 'lit' : ''} ${leaving && here?.fresh ? 'fresh' : ''}" d="M${exit.x} ${exit.from}V${exit.to - 4}" marker-end="url(#tip-${leaving ? 'exit' : 'quiet'})"></path>
    ${entering || (vm.id === focus && (compact || entryLabel.anchor === 'end')) ? svg`<text class="arrow-label entry ${entering ? 'lit' : ''}" text-anchor=${entryLabel.anchor} x=${entryLabel.x} y=${entryLabel.y}>${entryWords(t('diagram.entry'), compact, entryLabel)}</text>` : nothing}
    ${leaving ? exitWords(t, exitLabel, here) : nothing}</g>`;
}

/** Where there is too little room for the words: two short lines. @param {string} words @param {boolean} compact @param {import('../model/layout.js').Label} label */
function entryWords(words, compact, label) {
  if (!compact || label.room > textWidth(words)) return words;
  const lines = words.split(/ (?!VM)/);
  return lines.map((line, index) => svg`<tspan x=${label.x} dy=${index ? 14 : 0}>${line}</tspan>`);
}

/** @param {import('../types').Translate} t @param {import('../model/layout.js').Label} label @param {{reason?: number, name?: string}} lit */
function exitWords(t, label, lit) {
  const name = reasonName(t, lit.reason, lit.name);
  const number = lit.reason === undefined ? '' : t('diagram.reason', { reason: lit.reason & 0xffff });
  if (label.lines !== 3) {
    const head = t('diagram.exit');
    const room = label.room - textWidth(head) * 1.2 - 6;
    const rest = [`${name}, ${number}`, `${name} (${(lit.reason ?? 0) & 0xffff})`, name].find((text) => textWidth(text) <= room) ?? fit(name, room);
    if (label.lines === 2) {
      const below = [`${name}, ${number}`, `${name} (${(lit.reason ?? 0) & 0xffff})`, name].find((text) => textWidth(text) <= label.room) ?? fit(name, label.room);
      return svg`<g class="arrow-label exit lit" text-anchor=${label.anchor}><text class="strong" x=${label.x} y=${label.y}>${head}</text><text x=${label.x} y=${label.y + 15}>${below}</text></g>`;
    }
    return svg`<text class="arrow-label exit lit" text-anchor=${label.anchor} x=${label.x} y=${label.y}><tspan class="strong">${head}</tspan> ${rest}</text>`;
  }
  const words = textWidth(name) <= label.room ? [name] : halves(name);
  return svg`<g class="arrow-label exit lit"><text class="strong" x=${label.x} y=${label.y}>${t('diagram.exit')}</text>
    ${words.map((line, index) => svg`<text x=${label.x} y=${label.y + 17 + index * 15}>${line}</text>`)}
    <text class="mono" x=${label.x} y=${label.y + 18 + words.length * 15}>${number}</text></g>`;
}

/** @param {string} text */
function halves(text) {
  const words = text.split(' ');
  const middle = Math.ceil(words.length / 2);
  return [words.slice(0, middle).join(' '), words.slice(middle).join(' ')].filter(Boolean);
}
