/**
 * The rows of the VMCS tab: fields by group, those that matter most first, with encoding, value, meaning and old value.
 * @typedef {{name: string, encoding: string, value: string, note: string, old?: string}} Row
 */
import { bitNames, fieldValue, isZero, symbolAt } from './format.js';
import { fieldGroup } from './selectors.js';

const FIRST = ['exit_reason', 'exit_qualification', 'exit_instruction_length', 'vm_instruction_error', 'guest_rip', 'guest_rsp', 'guest_rflags', 'guest_cr0', 'guest_cr3', 'guest_cr4',
  'guest_activity_state', 'guest_interruptibility_state', 'host_rip', 'host_rsp', 'host_cr3', 'pin_based_controls', 'primary_processor_based_controls', 'secondary_processor_based_controls',
  'primary_vm_exit_controls', 'vm_entry_controls'];
/** How early a field is told: the lower the earlier. @param {string} name */
export function importance(name) {
  return FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length;
}
/** Shown even when zero: the picture is about them. */
const ALWAYS = new Set(['exit_reason', 'exit_qualification', 'exit_instruction_length', 'guest_rip', 'guest_rsp', 'guest_rflags', 'guest_cr3', 'host_rip', 'host_rsp']);
const ADDRESSES = /_(rip|rsp|base)$|_(eip|esp)$/;

/**
 * @param {import('../types').Vmcs} vmcs
 * @param {{fields: [string, string, string][], symbols: Map<string, string>, reason: (number: number) => string, all: boolean, search?: string, onlyChanged?: boolean}} how  `search`: part of a name or an encoding
 * @returns {{group: 'exit' | 'guest' | 'host' | 'controls', rows: Row[]}[]}
 */
export function vmcsTable(vmcs, { fields, symbols, reason, all, search = '', onlyChanged = false }) {
  const wanted = search.trim().toLowerCase().replaceAll(' ', '_');
  const encodings = new Map(fields.map(([name, encoding], index) => [name, { encoding, index }]));
  const rank = (/** @type {string} */ name) => (FIRST.includes(name) ? FIRST.indexOf(name) : 100 + (encodings.get(name)?.index ?? 0));
  const left = ['exit_reason', 'exit_interruption_info', 'exit_instruction_length'].some((name) => !isZero(vmcs.fields[name] ?? '0'));
  const names = Object.keys(vmcs.fields).filter((name) => all || ALWAYS.has(name) || name in (vmcs.changed ?? {}) || !isZero(vmcs.fields[name]))
    .filter((name) => (!onlyChanged || name in (vmcs.changed ?? {})) && (!wanted || name.includes(wanted) || encodings.get(name)?.encoding.includes(wanted)));
  return /** @type {const} */ (['exit', 'guest', 'host', 'controls']).map((group) => ({
    group,
    rows: names.filter((name) => fieldGroup(name) === group).sort((a, b) => rank(a) - rank(b)).map((name) => {
      const value = vmcs.fields[name];
      const note = name === 'exit_reason' ? (left ? reason(parseInt(value, 16) & 0xffff) : '')
        : ADDRESSES.test(name) ? symbolAt(value, symbols) : bitNames(name, value);
      return { name, encoding: encodings.get(name)?.encoding ?? '', value: fieldValue(name, value), note, old: vmcs.changed?.[name] === undefined ? undefined : fieldValue(name, vmcs.changed[name]) };
    }),
  })).filter(({ rows }) => rows.length);
}
