/** Sentences: they say what the picture shows, in every language, for everything the protocol can send. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brokenRule, clause, liveSentence, phaseUnderWay, reasonName, tellings } from '../../static/js/model/sentences.js';
import { processorOf } from '../../static/js/model/selectors.js';
import { translator } from '../../static/js/model/words.js';
import { catalogue, languages, stateAt, t, table } from './fixture.js';

const LANGUAGES = languages();

test('every exit reason and every VMX instruction error has words', () => {
  for (const lang of LANGUAGES) {
    const words = catalogue(lang);
    for (const row of table('exit_reasons').trim().split('\n').slice(1)) {
      const [number, name] = row.split(',');
      if (!name.startsWith('RESERVED')) assert.ok(words[`exit.${number}`] && words[`exit_name.${number}`], `${lang}: exit reason ${number}`);
    }
    for (const row of table('instruction_errors').trim().split('\n').slice(1)) assert.ok(words[`vmx_error.${row.split(',')[0]}`], `${lang}: error ${row}`);
  }
});

/** One of each event and variant of docs/protocol.md. @type {import('../../static/js/types').Event[]} */
const EVENTS = [
  { type: 'instruction', processor: 0, rip: '100000', length: 2, bytes: '0fa2', text: 'cpuid' },
  ...[['off', 'root'], ['root', 'off'], ['root', 'non_root'], ['non_root', 'root'], ['non_root', 'off']].map(([from, to]) => ({ type: 'mode', processor: 0, from, to })),
  { type: 'vmx_outcome', instruction: 'vmxon', result: 'succeed' }, { type: 'vmx_outcome', instruction: 'vmxon', result: 'fail_invalid' },
  { type: 'vmx_outcome', instruction: 'vmlaunch', result: 'fail_valid', error: 4 },
  { type: 'vmx_guard', instruction: 'vmptrld', guard: 'vmptrld.revision', result: 'fail', section: 'VMPTRLD' }, { type: 'vmx_guard', instruction: 'vmlaunch', guard: 'vmlaunch.cpl', result: 'fault', section: 'VMLAUNCH', check: 'guard.3' },
  ...['launch', 'resume'].map((kind) => ({ type: 'vm_entry', kind, vmcs: '201000', vm: 'A', rip: '104000' })),
  { type: 'vm_exit', isa: 'vmx', reason: 10, name: 'CPUID', qualification: '0', vmcs: '201000', vm: 'A', rip: '104003', length: 2 },
  ...[7, 8, 33, 34, 41].map((reason) => ({ type: 'entry_failed', reason, check: 'host.cr0_fixed', fields: ['host_cr0'], section: 'Checks on Host Control Registers', vmcs: '201000', vm: 'A' })),
  ...['controls', 'host_state', 'guest_state', 'load_guest', 'load_msrs', 'inject'].map((name, index) => ({ type: 'phase', of: 'entry', number: index + 1, name })),
  ...['reason', 'save_guest', 'store_msrs', 'load_host', 'load_msrs'].map((name, index) => ({ type: 'phase', of: 'exit', number: index + 1, name })),
  { type: 'vmcs_read', vmcs: '201000', field: 'guest_rip', value: '5' }, { type: 'vmcs_write', vmcs: '201000', field: 'guest_rip', old: '1', new: '2' },
  ...['clear', 'launched'].map((launch) => ({ type: 'vmcs_state', vmcs: '201000', active: true, current: launch === 'clear', launch })),
  { type: 'fault', vector: 13, error: 0, rip: '100000' }, { type: 'fault', vector: 6, rip: '100000' },
  ...['external', 'nmi', 'software', 'injected', 'init', 'sipi'].map((source) => ({ type: 'interrupt', vector: 32, source })),
  ...['interrupt', 'nmi', 'init', 'sipi'].flatMap((kind) => [{ type: 'signal', processor: 1, kind, vector: 64 }, { type: 'signal', processor: 1, kind, vector: 64, from: 0 }]),
  ...['page_walk', 'ept_walk'].flatMap((type) => [{ type, linear: '1', guest_physical: '1', physical: '2', access: 'read', entries: [] }, { type, linear: '1', guest_physical: '1', access: 'write', entries: [] }]),
  ...['fill', 'flush', 'flush_page', 'flush_vpid', 'flush_ept'].map((action) => ({ type: 'tlb', action, linear: '1', vpid: 1, ept: '1' })),
  ...['in', 'out'].map((direction) => ({ type: 'port', direction, port: 'e9', size: 1, value: '41' })),
  ...['apic', 'unmapped'].flatMap((what) => ['read', 'write'].map((access) => ({ type: 'memory', physical: 'fee00000', size: 4, access, value: '0', what }))),
  { type: 'msr', index: '3a', access: 'read', value: '5', name: 'ia32_feature_control' }, { type: 'msr', index: '3a', access: 'write', value: '5' },
  { type: 'halt', processor: 0 }, { type: 'console', text: 'A\n' }, { type: 'note', id: 'x', values: {} },
  ...['created', 'ready', 'running', 'stopped', 'crashed'].map((state) => ({ type: 'vm', vm: 'A', state })),
];

test('every event has a sentence without holes in every language', () => {
  for (const lang of LANGUAGES) {
    for (const event of EVENTS) {
      const text = clause(event, stateAt('37').scene, translator(catalogue(lang)));
      assert.ok(text, `${lang}: ${JSON.stringify(event)}`);
      assert.doesNotMatch(text, /[{}]|undefined|null|event\.|^\w+\.\w+$/, `${lang}: ${text}`);
    }
  }
});

test('every type of docs/protocol.md is among them', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const types = [...page.slice(page.indexOf('## Events')).matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type);
  const known = new Set(EVENTS.map(({ type }) => type));
  assert.ok(types.length > 15);
  for (const type of types.slice(0, types.indexOf('note') + 1)) assert.ok(known.has(type), type);
});

test('every error of docs/protocol.md has words', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const part = page.slice(page.indexOf('### Errors'), page.indexOf('### Limits'));
  for (const [, code] of part.matchAll(/^\| `(\w+)` \|/gm)) for (const lang of LANGUAGES) assert.ok(catalogue(lang)[`error.${code}`], `${lang}: ${code}`);
});

test('the live sentence tells what happened, who has control and what changed', () => {
  const text = liveSentence(stateAt('37'), t);
  assert.match(text, /^Step 37: VM exit from VM A at 104003, reason 10, CPUID: /);
  assert.match(text, /the VMM has control/);
  assert.match(text, /guest RIP 104003/);
  assert.equal(text.match(/\. /g), null, 'one sentence');
});
test('inside an exit it names the phase, and control is on its way', () => {
  assert.match(liveSentence(stateAt('36.4'), t), /^Step 36\.4: VM exit, phase 4: load the host state; control is on its way from VM A to the VMM;/);
  assert.deepEqual(phaseUnderWay(stateAt('36.4')), { of: 'exit', number: 4, total: 5, name: 'load_host' });
});
test('before the first instruction it says so', () => {
  assert.match(liveSentence(stateAt('0'), t), /^Step 0: before the first instruction; the program has control, VMX is off; nothing else changed\.$/);
});
test('the time-stamp counter, which always goes on, is not told as a change', () => {
  assert.doesNotMatch(liveSentence(stateAt('3'), t), /TSC/);
});
test('the crossing comes before the instruction that caused it', () => {
  assert.equal(tellings(stateAt('37'), t)[0].event.type, 'vm_exit');
});
test('a failed entry has bit 31 of its reason set and still a name', () => {
  assert.equal(reasonName(t, 0x80000021), 'invalid guest state');
});
test('a failed entry tells its rule as a sentence, the fields it looks at with their values, and the section of the manual', () => {
  const state = stateAt('37');
  const [vmcs] = Object.keys(state.scene?.vmcs ?? {});
  const events = [{ type: 'entry_failed', reason: 33, check: 'guest.rip_canonical', fields: ['guest_rip', 'guest_pdpte0'], section: 'Checks on Guest RIP', vmcs, vm: 'A' }];
  const broken = brokenRule({ ...state, events }, t);
  assert.equal(broken?.rule, catalogue('en')['check.guest.rip_canonical']);
  assert.equal(broken?.section, 'Checks on Guest RIP');
  assert.deepEqual(broken?.fields[0], { name: 'guest RIP', field: 'guest_rip', value: '104003' });
  assert.equal(brokenRule(state, t), null);
  const spoken = liveSentence({ ...state, events }, translator(catalogue('pt-BR')));
  assert.ok(spoken.includes(catalogue('pt-BR')['check.guest.rip_canonical']), spoken);
  assert.equal(spoken.match(/\. /g), null, 'one sentence');
});

test('a VMX instruction that fails tells its rule; one by which a guest leaves breaks none', () => {
  const state = stateAt('37');
  const guard = { type: 'vmx_guard', instruction: 'vmptrld', guard: 'vmptrld.address', result: 'fail', section: 'VMPTRLD' };
  const failing = [guard, { type: 'vmx_outcome', instruction: 'vmptrld', result: 'fail_valid', error: 9 }];
  for (const lang of LANGUAGES) {
    const say = translator(catalogue(lang));
    const rule = catalogue(lang)['vmx_guard.address'];
    const [spoken, left] = [liveSentence({ ...state, events: failing }, say), liveSentence({ ...state, events: [{ ...guard, result: 'exit' }] }, say)];
    assert.ok(spoken.includes(rule) && left.includes(rule), `${lang}: ${spoken} ${left}`);
    assert.ok(say('live.rule').split('{rule}')[0].split('{what}')[1].split(' ').every((word) => spoken.includes(word)), `${lang}: ${spoken}`);
    assert.ok(say('live.guard').split('{rule}')[0].split('{what}')[1].split(' ').every((word) => left.includes(word)), `${lang}: ${left}`);
  }
  assert.deepEqual(brokenRule({ ...state, events: failing }, t), { rule: catalogue('en')['vmx_guard.address'], exit: false, section: 'VMPTRLD', vmcs: '', fields: [] });
  assert.equal(brokenRule({ ...state, position: { step: 36, phase: 2 }, events: [{ ...guard, result: 'exit' }] }, t), null, 'the phases of an exit tell of themselves');
  const { 'vmx_guard.address': _, ...rest } = catalogue('en');
  assert.equal(brokenRule({ ...state, events: failing }, translator(rest)), null, 'nothing is said before the words are there');
});

test('with several processors the sentence and the picture are those of the one that acted', () => {
  const state = stateAt('36');
  const scene = /** @type {import('../../static/js/types').Scene} */ (state.scene);
  const second = { ...scene.processors['0'], rip: '8000', mode: /** @type {const} */ ('off'), vm: undefined, changed: {} };
  const two = { ...scene, acting: 1, processors: { ...scene.processors, 1: second }, entry: undefined, exit: undefined };
  assert.equal(processorOf(two).rip, '8000');
  assert.match(liveSentence({ ...state, scene: two }, t), /^Step 36: processor 1: /);
  assert.doesNotMatch(liveSentence(state, t), /processor \d:/);
});
