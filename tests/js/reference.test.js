/** Explanations: values by their bits, the step where a thing is seen, the place beside what is explained, terms in a text. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pieces } from '../../static/js/model/marks.js';
import { decode, layoutFor, maskOf, namedBy, nextSeen, pageOf, placeBeside, titleOf, valueOf } from '../../static/js/model/reference.js';
import { causes } from '../../static/js/model/sentences.js';
import { stateAt, t, table } from './fixture.js';

/** @param {string} lang */
const words = (lang) => JSON.parse(readFileSync(new URL(`../../vmviz/web/languages/reference/${lang}.json`, import.meta.url), 'utf8'));
const english = words('en');

/** The reference as the server makes it, for the layouts of these tests. @type {import('../../static/js/model/reference.js').Reference} */
const reference = {
  lang: 'en', words: english.words, values: Object.fromEntries(Object.entries(english.value).map(([key, name]) => [`bit.${key}`, /** @type {string} */ (name)])),
  entries: Object.fromEntries(['bit', 'control', 'exit', 'error'].flatMap((kind) => Object.entries(english[kind]).map(([name, text]) => [`${kind}.${name}`,
    { name, text: /** @type {string} */ (text), volume: 3, section: 'Title' }]))),
  layouts: {
    primary: rows('control_bits', 'primary', 'control', 1), ...Object.fromEntries(['interruption_info', 'activity_state', 'rflags', 'eptp', 'io_qualification', 'debug_qualification', 'access_rights', 'exceptions', 'exit_reason']
      .map((name) => [name, rows('bit_layouts', name, 'bit', 1)])),
  },
  layout_of: { primary_processor_based_controls: 'primary', rflags: 'rflags', exit_interruption_info: 'interruption_info' },
  qualifications: { 30: 'io_qualification' },
  pages: { field: '/reference/fields', bit: '/reference/bits', term: '/glossary' },
};

/** @param {string} file @param {string} structure @param {string} kind @param {number} at @returns {[string, string][]} */
function rows(file, structure, kind, at) {
  return table(file).trim().split('\n').slice(1).map((line) => line.split(',')).filter(([name]) => name === structure)
    .map((cells) => [cells[at], cells[at + 1].startsWith('reserved') ? '' : `${kind}.${structure}.${cells[at + 1]}`]);
}

const state = stateAt('36');
const scene = /** @type {import('../../static/js/types').Scene} */ (state.scene);
const names = (/** @type {{key: string}[]} */ bits) => bits.map(({ key }) => key.split('.').at(-1));

/** The scene with these fields in its first VMCS. @param {Record<string, string>} fields @returns {[string, import('../../static/js/types').Scene]} */
function withFields(fields) {
  const [address, vmcs] = Object.entries(scene.vmcs)[0];
  return [address, { ...scene, vmcs: { [address]: { ...vmcs, fields: { ...vmcs.fields, ...fields } } } }];
}

test('a control word tells the controls that are on, those that are off, and reserved bits apart', () => {
  const { set, clear, reserved } = decode(reference, 'primary', '401e1f2');
  assert.deepEqual(names(set), ['hlt_exiting', 'cr3_load_exiting', 'cr3_store_exiting']);
  assert.ok(names(clear).includes('rdtsc_exiting'));
  assert.deepEqual(reserved, ['1', '4', '5', '6', '8', '13', '14', '26']);
  assert.equal(set.length + clear.length, english.control && Object.keys(english.control).filter((name) => name.startsWith('primary.')).length);
});

test('a range tells what it holds: by name where it has one, an address in place, else as a number', () => {
  const held = Object.fromEntries(decode(reference, 'interruption_info', '80000b0d').set.map(({ key, value }) => [key.split('.').at(-1), value]));
  assert.deepEqual(held, { vector: '13 exceptions.gp', type: 'hardware exception', error_code: '', valid: '' });
  const pointer = Object.fromEntries(decode(reference, 'eptp', '12345005e').set.map(({ key, value }) => [key.split('.').at(-1), value]));
  assert.deepEqual(pointer, { memory_type: 'write-back (WB)', walk_length_minus_1: 'four levels', access_dirty_enable: '', root_address: '123450000' });
});

test('a vector has a name when the event is an exception, and a reason is a decimal number', () => {
  assert.equal(decode(reference, 'interruption_info', '8000000e').set[0].value, 'e', 'an external interrupt');
  assert.equal(decode(reference, 'exit_reason', '80000021').set.map(({ value }) => value).join(), '33,');
});

test('a zero that has a name is told', () => {
  assert.deepEqual(decode(reference, 'io_qualification', 'e90000').set.map(({ value }) => value), ['1 byte', 'e9']);
});

test('a value out of a list is the one that it is', () => {
  assert.deepEqual(names(decode(reference, 'activity_state', '1').set), ['hlt']);
  assert.deepEqual(decode(reference, 'activity_state', '9'), { set: [], clear: [], reserved: [] });
});

test('values come from the VMCS in question and from the processor', () => {
  const [address, changed] = withFields({ exit_reason: 'a', guest_rip: '104003' });
  assert.deepEqual(valueOf('field.exit_reason', address, changed), { hex: 'a', shown: '10', slot: `vmcs:${address}:exit_reason`, label: 'exit reason' });
  assert.equal(valueOf('field.exit_reason', 'beef', changed), null);
  assert.equal(valueOf('register.rflags', undefined, scene)?.slot, 'rflags');
  assert.equal(valueOf('term.vmcs', address, changed), null);
  assert.equal(valueOf('register.rax', undefined, null), null);
});

test('the layout of an exit qualification follows the reason, and for an exception the vector', () => {
  const of = (/** @type {Record<string, string>} */ fields) => {
    const [address, changed] = withFields({ exit_qualification: '4000', ...fields });
    return layoutFor(reference, 'field.exit_qualification', address, changed)?.layout;
  };
  assert.equal(of({ exit_reason: '1e' }), 'io_qualification');
  assert.equal(of({ exit_reason: 'a' }), undefined);
  assert.equal(of({ exit_reason: '0', exit_interruption_info: '80000301' }), 'debug_qualification');
  assert.equal(of({ exit_reason: '0', exit_interruption_info: '8000030e' }), undefined, 'the qualification of a page fault is an address');
});

test('the layout of a register is its own, that of a segment its rights', () => {
  const processor = { ...scene.processors['0'], registers: { ...scene.processors['0'].registers, cs_selector: '18', cs_rights: 'a09b' } };
  const seen = { ...scene, processors: { 0: processor } };
  assert.deepEqual(layoutFor(reference, 'register.cs', undefined, seen), { layout: 'access_rights', hex: 'a09b', slot: 'cs_rights' });
  assert.equal(layoutFor(reference, 'register.rflags', undefined, seen)?.slot, 'rflags');
  assert.equal(layoutFor(reference, 'register.rflags', undefined, seen)?.layout, 'rflags');
  assert.equal(layoutFor(reference, 'register.rax', undefined, seen), null);
});

test('a range of bits has a mask', () => {
  assert.deepEqual(['0', '7', '3:0', '63:12'].map(maskOf), ['1', '80', 'f', 'fffffffffffff000']);
});

test('the step where it is seen is the next one, then the first, and none when it never comes', () => {
  const { outline } = state;
  const at = (/** @type {number} */ step) => ({ step, phase: 0 });
  const [first, second] = outline.exits;
  const seen = `vm_exit ${first.reason}`;
  assert.equal(nextSeen(seen, outline, at(0)), first.step);
  assert.equal(nextSeen('vm_exit', outline, at(first.step)), second.step);
  const last = /** @type {typeof first} */ (outline.exits.findLast(({ reason }) => reason === first.reason));
  assert.equal(nextSeen(seen, outline, at(outline.length)), first.step);
  assert.equal(nextSeen(seen, { ...outline, exits: [last] }, at(last.step)), null, 'we are there');
  assert.equal(nextSeen('vm_exit 84', outline, at(0)), null);
  assert.equal(nextSeen('vm_entry', outline, at(0)), outline.entries[0].step);
  assert.equal(nextSeen('entry_failed 33', { ...outline, failures: [{ step: 7, reason: 0x80000021 }] }, at(0)), 7);
  assert.equal(nextSeen('vmx_on', { ...outline, lanes: [{ from: 0, to: 5, lane: 'off' }, { from: 5, to: 9, lane: 'root' }] }, at(0)), 5);
  assert.equal(nextSeen(undefined, outline, at(0)), null);
});

test('an explanation never covers what it explains, and stays on the page', () => {
  const page = { width: 390, height: 844 };
  for (const top of [0, 200, 422, 700, 824]) {
    for (const left of [0, 150, 380]) {
      const mark = { left, top, right: left + 60, bottom: top + 20 };
      const at = placeBeside(mark, { width: 374, height: 520 }, page);
      assert.ok(at.top >= mark.bottom || at.top + at.height <= mark.top, `${left} ${top}: ${JSON.stringify(at)}`);
      assert.ok(at.left >= 0 && at.left + 374 <= page.width && at.top >= 0 && at.top + at.height <= page.height);
    }
  }
});

test('an exit has the name that the page gives it, with its number', () => {
  assert.equal(titleOf(reference, 'exit.12', t), '12 · HLT');
  assert.equal(titleOf(reference, 'bit.rflags.cf', t), 'rflags.cf');
});

test('a reason and an error number lead to their own explanations', () => {
  assert.equal(namedBy(reference, 'field.exit_reason', '80000021'), 'exit.33');
  assert.equal(namedBy(reference, 'field.vm_instruction_error', '7'), 'error.7');
  assert.equal(namedBy(reference, 'field.vm_instruction_error', '0'), '');
  assert.equal(namedBy(reference, 'field.guest_rip', '7'), '');
});

test('where control changes hands, the cause can be asked for', () => {
  const failing = { type: 'vmx_outcome', instruction: 'vmlaunch', result: 'fail_valid', error: 7 };
  const event = (/** @type {any[]} */ ...events) => causes({ ...state, events, scene: { ...scene, entry: undefined, exit: undefined } }, t).map(({ key }) => key);
  assert.deepEqual(event({ type: 'vm_exit', reason: 12, name: 'HLT' }), ['exit.12']);
  assert.deepEqual(event({ type: 'entry_failed', reason: 33, check: 'x', vmcs: '1' }), ['exit.33']);
  assert.deepEqual(event(failing), ['error.7']);
  assert.deepEqual(event({ type: 'instruction' }), []);
});

test('a text shows each term once, where it first stands as a word, the longest form first', () => {
  const marks = { 'vm exit': 'vm_exit', 'vm exits': 'vm_exit', vmx: 'vmx', 'vmx root operation': 'root_operation', ring: 'ring' };
  const told = new Set();
  assert.deepEqual(pieces('During a string, VM exits; a VM exit.', marks, told), [{ text: 'During a string, ' }, { text: 'VM exits', term: 'vm_exit' }, { text: '; a VM exit.' }]);
  assert.deepEqual(pieces('vmx root operation, VMX', marks, told), [{ text: 'vmx root operation', term: 'root_operation' }, { text: ', ' }, { text: 'VMX', term: 'vmx' }]);
  assert.deepEqual(pieces('VM exits again', marks, told), [{ text: 'VM exits again' }]);
  assert.deepEqual(pieces('nothing', {}, told), [{ text: 'nothing' }]);
});

test('words with accents are words', () => {
  const { term } = words('pt-BR');
  const marks = Object.fromEntries(Object.entries(term).flatMap(([id, { words: forms }]) => forms.map((/** @type {string} */ form) => [form.toLowerCase(), id])));
  const found = pieces('A Saída de VM não é uma exceção; o anel, sim.', marks, new Set()).filter((piece) => piece.term).map((piece) => piece.term);
  assert.deepEqual(found, ['vm_exit', 'exception', 'ring']);
});

test('an explanation leads to its place in the reference, in the language and theme of the page', () => {
  assert.equal(pageOf(reference, 'field.guest_rip', '', ''), '/reference/fields#guest_rip');
  assert.equal(pageOf(reference, 'bit.cr4.vmxe', '/below', '?lang=pt-BR&seed=7&theme=dark'), '/below/reference/bits?lang=pt-BR&theme=dark#cr4.vmxe');
  assert.equal(pageOf(reference, 'term.vm_entry', '', '?controls=min'), '/glossary#vm_entry');
  assert.equal(pageOf(reference, 'exit.10', '', ''), '', 'a kind without a page');
});
