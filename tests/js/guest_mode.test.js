/** The mode of a guest, in words and in sentences. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { badgeOf, modeChange, modeEntered, modesOf, modeWords } from '../../static/js/model/guest_mode.js';
import { liveSentence } from '../../static/js/model/sentences.js';
import { catalogue, languages, stateAt, t } from './fixture.js';
import { translator } from '../../static/js/model/words.js';

/** @type {import('../../static/js/types').Guest[]} */
const guests = [
  { mode: 'real', paging: 'off', ept: true, bits: 16 }, { mode: 'virtual_8086', paging: '32_bit', ept: false, bits: 16 },
  { mode: 'protected', paging: 'off', ept: true, bits: 32 }, { mode: 'protected', paging: 'pae', ept: true, bits: 16 },
  { mode: 'compatibility', paging: '4_level', ept: true, bits: 32 }, { mode: '64_bit', paging: '4_level', ept: false, bits: 64 }];

/** A state whose VM A runs such a guest. @param {string} at @param {import('../../static/js/types').Guest} guest */
function withGuest(at, guest) {
  const state = structuredClone(stateAt(at));
  if (state.scene) state.scene.vms.A.guest = guest;
  return state;
}

test('every mode has words in every language', () => {
  for (const lang of languages()) {
    const say = translator(catalogue(lang), lang);
    const told = guests.map((guest) => modeWords(guest, say));
    assert.equal(new Set(told).size, guests.length, lang);
    assert.ok(told.every((words) => !/guest\.|undefined|\{/.test(words)), told.join('; '));
  }
  assert.equal(modeWords(guests[2], t), '32-bit protected mode, paging off, EPT on');
});

test('no two modes have the same frame and sign', () => {
  const signs = guests.map((guest) => JSON.stringify(badgeOf(guest)));
  assert.equal(new Set(signs).size, guests.length);
});

test('the sentence says the mode when control goes to the guest', () => {
  const state = withGuest('36', guests[0]);
  state.events = [...state.events, { type: 'vm_entry', kind: 'launch', vm: 'A', vmcs: '201000', rip: '0' }];
  assert.match(liveSentence(state, t), /VM A has control \(real-address mode, paging off, EPT on\)/);
  assert.equal(modeEntered(withGuest('36.2', guests[0]), t), '');
  assert.ok(!liveSentence(withGuest('37', guests[0]), t).includes('real-address'));
});

test('the sentence says that a guest has changed its own mode, or its paging', () => {
  const paged = withGuest('36', { ...guests[3], was: { mode: 'protected', paging: 'off' } });
  assert.equal(modeChange(/** @type {any} */ (paged.scene), t), 'the guest of VM A goes from paging off to PAE paging');
  const state = withGuest('36', { ...guests[2], was: { mode: 'real', paging: 'off' } });
  assert.match(liveSentence(state, t), /the guest of VM A goes from real-address mode to protected mode/);
});

test('the picture is described with the mode of each VM', () => {
  const state = withGuest('36', guests[1]);
  const told = modesOf(/** @type {any} */ (state.scene), state.outline, t);
  assert.equal(told[0], 'VM A: virtual-8086 mode, 32-bit paging, EPT off');
});
