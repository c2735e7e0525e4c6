/**
 * A VMCS in memory: its state, and its four groups with the values that matter at this step. A group that changed is marked, and
 * an arrow character says to where its values go.
 * @typedef {import('./player.js').Context} Context
 */
import { nothing, svg } from 'lit-html';
import { carriedOf } from '../model/events_in_vmcs.js';
import { fit, GROUP_TERMS, isZero } from '../model/format.js';
import { reasonName } from '../model/sentences.js';
import { changedGroups, transitionOf, vmcsOf } from '../model/selectors.js';

/** Which group a phase reads, to mark it. @type {Record<string, string>} */
const READS = { 'exit.load_host': 'host', 'entry.controls': 'controls', 'entry.host_state': 'host', 'entry.guest_state': 'guest', 'entry.load_guest': 'guest' };

/** @param {Context} context @param {import('../model/layout.js').VmPlace} vm @param {import('../model/layout.js').Layout} place */
export function vmcsCard({ state, t, run }, vm, place) {
  const { vmcs: box, cells } = vm;
  const scene = /** @type {import('../types').Scene} */ (state.scene);
  const found = vmcsOf(scene, vm.id);
  if (!box) return nothing;
  const name = box.w < 70 ? vm.id : t('diagram.vmcs', { vm: vm.id });
  if (!found || !cells) {
    return svg`<g class="vmcs ${found ? 'active' : 'absent'}"><rect class="vmcs-box" x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="10"></rect><text class="name" x=${box.x + (cells ? 12 : box.w / 2)} y=${box.y + 20} text-anchor=${cells ? 'start' : 'middle'}>${name}</text></g>`;
  }
  const [address, vmcs] = found;
  const changed = changedGroups(vmcs);
  const transition = transitionOf(scene);
  const phase = state.outline.phased?.[String(state.position.step)]?.names[state.position.phase - 1];
  const injects = carriedOf(state).some(({ kind, vmcs: of }) => kind === 'injected' && of === address);
  const reading = transition && transition.vmcs === address ? READS[`${transition.of}.${phase}`] : injects ? 'controls' : undefined;
  const words = [t(vmcs.current ? 'vmcs.current' : vmcs.active ? 'vmcs.active' : 'vmcs.inactive'), ...(place.compact ? [] : [t(`vmcs.${vmcs.launch}${place.names === 'short' ? '_short' : ''}`)])];
  const status = [words.join(' · '), words[0]].find((text) => text.length * 6.5 < box.w - 30 - name.length * 8.6) ?? '';
  const showAddress = box.w - 24 - name.length * 8.6 - status.length * 6.5 > (address.length + 1) * 7.4 + 8;
  const body = values(vmcs, t);
  return svg`<g class="vmcs ${vmcs.current ? 'current' : ''} ${vmcs.active ? 'active' : ''}" @click=${() => run('vmcs', address)}>
    <rect class="vmcs-box" x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="10"></rect>
    <text class="name" data-term="term.vmcs" x=${box.x + 12} y=${box.y + 20}>${name}</text>
    ${showAddress ? svg`<text class="mono quiet" x=${box.x + 16 + name.length * 8.4} y=${box.y + 20}>@${address}</text>` : nothing}
    ${status ? svg`<text class="status" x=${box.x + box.w - 12} y=${box.y + 20} text-anchor="end">${status}</text>` : nothing}
    ${(/** @type {('guest' | 'host' | 'controls' | 'exit')[]} */ (['guest', 'host', 'controls', 'exit'])).map((group) => {
    const cell = cells[group];
    const key = group === 'exit' && place.names === 'long' ? 'exit_info' : group;
    const label = t(place.names === 'short' ? `diagram.${group}_short` : `diagram.${key}`);
    const full = place.values && cell.h >= 30;
    const tight = !full && cell.w < 72;
    const pad = cell.w < 60 ? 4 : 8;
    const mark = changed.has(group) ? 'changed' : reading === group ? 'read' : '';
    return svg`<g class="cell ${mark}" data-term=${GROUP_TERMS[group]}><rect x=${cell.x} y=${cell.y} width=${cell.w} height=${cell.h} rx="7"></rect>
        <text class="cell-name" x=${cell.x + pad} y=${full ? cell.y + cell.h / 2 - 4 : cell.y + cell.h / 2 + 4.5}>${fit(label, cell.w - pad, 6.1)}</text>
        ${mark ? svg`<path class="cell-sign" transform="translate(${cell.x + cell.w - (tight ? 7 : 13)} ${full ? cell.y + cell.h / 2 + 8 : tight ? cell.y + 7 : cell.y + cell.h / 2}) scale(${tight ? 0.6 : 1})" d=${mark === 'changed' ? 'M4-4V4M4 4-4 4M4 4-4-4' : 'M-4 4V-4M-4-4H4M-4-4 4 4'}></path>` : nothing}
        ${full ? svg`<text class="cell-value mono" x=${cell.x + 8} y=${cell.y + cell.h / 2 + 12}>${fit(body[group], cell.w - (mark ? 28 : 12), 7.3)}</text>` : nothing}</g>`;
  })}</g>`;
}

/** The line of each group. @param {import('../types').Vmcs} vmcs @param {import('../types').Translate} t @returns {Record<'guest' | 'host' | 'controls' | 'exit', string>} */
function values({ fields }, t) {
  const rip = (/** @type {string} */ field) => (fields[field] === undefined || isZero(fields[field]) ? '' : `RIP ${fields[field]}`);
  const reason = fields.exit_reason;
  const error = fields.vm_instruction_error;
  const left = reason !== undefined && (!isZero(reason) || !isZero(fields.exit_instruction_length ?? '0') || !isZero(fields.exit_interruption_info ?? '0'));
  const number = left ? parseInt(reason, 16) & 0xffff : -1;
  return {
    guest: rip('guest_rip'),
    host: rip('host_rip'),
    controls: [bit(fields.pin_based_controls, 6) && 'timer', bit(fields.primary_processor_based_controls, 7) && 'HLT', bit(fields.primary_processor_based_controls, 24) && 'I/O',
      bit(fields.primary_processor_based_controls, 25) && 'I/O', bit(fields.secondary_processor_based_controls, 1) && 'EPT',
      bit(fields.secondary_processor_based_controls, 5) && 'VPID'].filter(Boolean).join(' '),
    exit: left ? `${number} ${reasonName(t, number)}`.trim() || '' : error && !isZero(error) ? `error ${parseInt(error, 16)}` : '',
  };
}

/** @param {string | undefined} hex @param {number} place */
function bit(hex, place) {
  return hex !== undefined && ((parseInt(hex, 16) >>> place) & 1) === 1;
}
