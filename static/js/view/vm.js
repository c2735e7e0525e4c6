/**
 * One virtual machine: its box with the code that runs in it, and the two arrows that join it to root operation.
 * @typedef {import('./player.js').Context} Context
 * @typedef {import('../model/layout.js').VmPlace} VmPlace
 */
import { nothing, svg } from 'lit-html';
import { carriedOf, eventName } from '../model/events_in_vmcs.js';
import { fit } from '../model/format.js';
import { textWidth } from '../model/layout.js';
import { reasonName } from '../model/sentences.js';
import { guestBadge } from './guest_badge.js';
import { regionBox } from './region.js';
import { chipOf, runnerOf, vmStatus } from '../model/selectors.js';

/** What a name in a box that it shares keeps free of the instruction. */
const NAME_PAD = 17;
/** The height of an instruction that stands above its box. */
const LOW = 18;

/** @param {Context} context @param {VmPlace} vm @param {boolean} compact @param {import('./region.js').Choosing | null} choice */
export function vmBox({ state, boot, t }, vm, compact, choice) {
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const fact = scene.vms[vm.id];
  const { x, y, w, h } = vm.box;
  const running = runnerOf(scene, vm.id) !== undefined;
  const name = t('diagram.vm', { vm: vm.id });
  const nameWidth = name.length * 8.2 + 12;
  const stacked = compact || vm.small;
  const status = vmStatus(scene, vm.id);
  const pill = t(status.key);
  const pillWidth = textWidth(pill) + 20;
  // In the narrow picture the dot of control stands at the lower left corner of the VM in focus.
  const aside = compact && !vm.small && w > 230 ? 14 : 0;
  const taken = (stacked ? vm.title.x + aside - x + (vm.chip ? vm.chip.w + 16 : 6) : vm.title.x - x + nameWidth + (vm.pill ? pillWidth + 20 : 10));
  const badge = stacked ? { x: vm.title.x + aside, y: vm.title.y + 4, w: w - taken, h: 17 } : { x: vm.title.x + nameWidth, y: vm.title.y - 15, w: w - taken, h: 21 };
  const regions = state.outline.regions ?? [];
  const wordsOf = (/** @type {string} */ id) => {
    const region = regions.find((each) => each.id === id);
    return region?.name[boot.lang] ?? region?.name.en ?? id;
  };
  const said = vm.summary && fact ? fit(summary(fact, t), w - 24, 6.3) : '';
  const told = chipPlace(state, vm, compact, wordsOf, vm.summary ? vm.summary.x + textWidth(said) : 0);
  return svg`<g class="vm ${fact ? '' : 'absent'} ${running ? 'running' : ''} vm-${fact?.state ?? 'absent'}">
    <rect class="vm-box" x=${x} y=${y} width=${w} height=${h} rx="11"></rect>
    <text class="name" data-about="term.virtual_machine" x=${vm.title.x} y=${vm.title.y}>${fit(w < 60 ? vm.id : name, w - 8, 7.4)}</text>
    ${guestBadge(fact?.guest, badge, t)}
    ${vm.pill ? svg`<g class="pill pill-${status.tone}"><rect x=${x + w - pillWidth - 12} y=${y + 8} width=${pillWidth} height="20" rx="10"></rect><text x=${x + w - pillWidth / 2 - 12} y=${y + 22} text-anchor="middle">${pill}</text></g>` : nothing}
    ${vm.summary && fact ? svg`<text class="small quiet" x=${vm.summary.x} y=${vm.summary.y}>${said}</text>` : nothing}
    ${vm.regions.map((box) => {
    const region = regions.find(({ id }) => id === box.id);
    const lit = running && box.id === scene.region;
    const row = vm.regions.filter(({ y: other }) => other === box.y).length === 1 && region?.ring !== 3;
    const beside = !row && told?.holder === box.id;
    const room = row ? box.w - (vm.chip?.w ?? 0) - 20 : beside ? told.x - box.x - NAME_PAD : box.w - 6;
    return regionBox(box, { words: wordsOf(box.id), lit, start: row || beside, room }, choice);
  })}
    ${told ? chip(told) : nothing}</g>`;
}

/** @param {import('../types').Vm} vm @param {import('../types').Translate} t */
function summary(vm, t) {
  if (!vm.exits) return t('diagram.summary_none');
  return t('diagram.summary', { count: vm.exits, name: reasonName(t, vm.last_exit?.reason, vm.last_exit?.name) });
}

/**
 * The instruction that runs there, or at which the VM waits, and where it stands: in the box of its code, of ring 3 beside it, else in one
 * of its ring. Where it would cover the name of its box it stands above it or, without room there, does without its address, or is left out.
 * @param {import('../types').State} state @param {VmPlace} vm @param {boolean} compact @param {(id: string) => string} wordsOf
 * @param {number} said  where the line about the VM's exits ends
 */
function chipPlace(state, vm, compact, wordsOf, said) {
  const what = vm.chip && chipOf(state, vm.id);
  if (!vm.chip || !what) return null;
  const regions = state.outline.regions ?? [];
  const boxes = compact ? [] : vm.regions.map((box) => ({ ...box, region: regions.find(({ id }) => id === box.id) }));
  const own = boxes.find(({ region }) => region && region.ring !== 3 && within(what.address, region));
  const busy = own ?? boxes.find(({ region }) => region?.ring === what.ring);
  const room = Math.min(vm.chip.w, own ? own.w - 10 : vm.chip.w);
  const full = `${what.address} ${what.text}`;
  const beside = (/** @type {string} */ words) => !own || words.length * 7.3 + 12 <= own.w - NAME_PAD - 5 - textWidth(wordsOf(own.id));
  const fits = beside(full);
  const above = own && !fits && vm.summary && (own.y - LOW - 2 >= vm.summary.y + 2 || own.x + own.w - full.length * 7.3 - 12 > said + 4);
  if (!fits && !above && !beside(what.text)) return null;     // the Code tab has it; half a name would say nothing
  const text = fit(fits || above ? full : what.text, room - (compact ? 6 : 10), 7.3);
  const w = Math.max(Math.min(80, room), Math.min(room, text.length * 7.3 + 12));
  const right = own ? own.x + own.w - 5 : vm.chip.x + vm.chip.w;
  if (above) return { x: right - w + 5, y: own.y - LOW - 2, w, h: LOW, text, live: what.live, holder: undefined };
  return { x: right - w, y: busy ? busy.y + (busy.h - vm.chip.h) / 2 : vm.chip.y, w, h: vm.chip.h, text, live: what.live, holder: own?.id };
}

/** Is an address in a region? @param {string} address @param {import('../types').Region} region */
function within(address, { first = '', end = '' }) {
  const at = parseInt(address, 16);
  return at >= parseInt(first, 16) && at < parseInt(end, 16);
}

/** @param {NonNullable<ReturnType<typeof chipPlace>>} place */
function chip({ x, y, w, h, text, live }) {
  return svg`<g class="chip ${live ? 'live' : ''}"><rect x=${x} y=${y} width=${w} height=${h} rx="6"></rect><text class="mono" x=${x + w / 2} y=${y + h / 2 + 4.5} text-anchor="middle">${text}</text></g>`;
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
  const refused = Boolean(entering && here?.failed);
  const { entry, exit, entryLabel, exitLabel } = vm;
  const events = entering || leaving ? carriedOf(state).filter(({ vm: of }) => of === vm.id) : [];
  const caption = (/** @type {(event: import('../model/events_in_vmcs.js').Carried) => string} */ name) => events.map((event) => t(`carried.caption.${event.kind}`, { event: name(event) })).join(t('live.separator'));
  const carried = caption((event) => eventName(event, t));
  const short = textWidth(carried) > vm.caption.room ? caption(({ vector }) => t('carried.vector', { vector })) : carried;
  return svg`<g class="arrows ${known ? '' : 'absent'}">
    <path class="arrow entry ${used ? 'used' : ''} ${entering ? 'lit' : ''} ${entering && here?.fresh ? 'fresh' : ''} ${refused ? 'refused' : ''}" d="M${entry.x} ${entry.from}V${entry.to}" marker-end="url(#tip-${refused ? 'exit' : entering ? 'entry' : used ? 'used' : 'quiet'})"></path>
    <path class="arrow exit ${leaving ? 'lit' : ''} ${leaving && here?.fresh ? 'fresh' : ''}" d="M${exit.x} ${exit.from}V${exit.to - 4}" marker-end="url(#tip-${leaving ? 'exit' : 'quiet'})"></path>
    ${entering || (vm.id === focus && (compact || entryLabel.anchor === 'end')) ? svg`<text class="arrow-label entry ${entering ? 'lit' : ''} ${refused ? 'refused' : ''}" data-about="term.vm_entry" text-anchor=${entryLabel.anchor} x=${entryLabel.x} y=${entryLabel.y}>${entryWords(`${t('diagram.entry')}${refused ? ' ✗' : ''}`, compact, entryLabel)}</text>` : nothing}
    ${leaving ? exitWords(t, exitLabel, here) : nothing}
    ${carried ? svg`<text class="arrow-label carried ${leaving ? 'exit' : 'entry'}" data-about="term.event_injection" x=${vm.caption.x} y=${vm.caption.y}>${fit(short, vm.caption.room, 6.2)}<title>${carried}</title></text>` : nothing}</g>`;
}

/** Where there is too little room for the words: two short lines. @param {string} words @param {boolean} compact @param {import('../model/layout.js').Label} label */
function entryWords(words, compact, label) {
  if (!compact || label.room > textWidth(words) * 1.15) return words;
  const lines = words.split(/ (?!VM)/).length > 1 ? words.split(/ (?!VM)/) : words.split(' ');
  return lines.map((line, index) => svg`<tspan x=${label.x} dy=${index ? 14 : 0}>${line}</tspan>`);
}

/** @param {import('../types').Translate} t @param {import('../model/layout.js').Label} label @param {{reason?: number, name?: string, failed?: boolean}} lit */
function exitWords(t, label, lit) {
  const name = reasonName(t, lit.reason, lit.name);
  const about = lit.reason === undefined ? 'term.vm_exit' : `exit.${lit.reason & 0xffff}`;
  const reason = (lit.reason ?? 0) & 0xffff;
  const number = lit.reason === undefined ? '' : t('diagram.reason', { reason });
  const head = lit.failed ? `${t('diagram.entry')} ✗` : t('diagram.exit');     // an entry that failed comes this way, but nobody has left
  const headAbout = lit.failed ? 'term.vm_entry' : 'term.vm_exit';
  const said = lit.reason === undefined ? [name] : [t('diagram.reason_line', { name, reason }), `${name} (${reason})`, name];
  if (label.lines !== 3) {
    const [room, over] = [label.room, label.over ?? label.room].map((width) => width - textWidth(head) * 1.2 - 6);
    const rest = [room, over].flatMap((width) => said.filter((text) => textWidth(text) <= width))[0] ?? (number || fit(name, Math.max(room, over)));
    if (label.lines === 2) {
      const below = said.find((text) => textWidth(text) <= label.room) ?? fit(name, label.room);
      return svg`<g class="arrow-label exit lit" text-anchor=${label.anchor}><text class="strong" data-about=${headAbout} x=${label.x} y=${label.y}>${head}</text><text data-about=${about} x=${label.x} y=${label.y + 15}>${below}</text></g>`;
    }
    return svg`<text class="arrow-label exit lit" text-anchor=${label.anchor} x=${label.x} y=${label.y}><tspan class="strong" data-about=${headAbout}>${head}</tspan> <tspan data-about=${about}>${rest}</tspan></text>`;
  }
  const words = textWidth(name) <= label.room ? [name] : halves(name);
  return svg`<g class="arrow-label exit lit"><text class="strong" data-about=${headAbout} x=${label.x} y=${label.y}>${head}</text>
    ${words.map((line, index) => svg`<text data-about=${about} x=${label.x} y=${label.y + 17 + index * 15}>${line}</text>`)}
    <text class="mono" x=${label.x} y=${label.y + 18 + words.length * 15}>${number}</text></g>`;
}

/** @param {string} text */
function halves(text) {
  const words = text.split(' ');
  const middle = Math.ceil(words.length / 2);
  return [words.slice(0, middle).join(' '), words.slice(middle).join(' ')].filter(Boolean);
}
