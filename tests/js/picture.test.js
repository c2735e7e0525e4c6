import assert from 'node:assert/strict';
import test from 'node:test';
import { animation, single, strip, wrapped } from '../../static/js/export/picture.js';
import { sceneParts, sceneText } from '../../static/js/model/scene_text.js';
import { catalogue, languages, stateAt, t } from './fixture.js';
import { translator } from '../../static/js/model/words.js';

const colours = { ink: '#000', paper: '#fff', font: '"Inter", sans-serif' };
const picture = (/** @type {number} */ n) => ({ svg: `<defs><marker id="tip"></marker></defs><path marker-end="url(#tip)"></path><text>${n}</text>`, width: 896, height: 540, title: `Step ${n}: a <b> & "c"` });

test('a file has its size, its words escaped, and nothing from elsewhere', () => {
  const svg = single(picture(3), colours);
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="928"/);
  assert.ok(svg.includes('Step 3: a &lt;b> &amp; &quot;c&quot;'));
  assert.ok(!/href=|<script|<style|@import/.test(svg));
});

test('the pictures of a strip keep their ids apart', () => {
  const svg = strip([1, 2, 3, 4, 5].map(picture), colours);
  for (let n = 0; n < 5; n += 1) assert.ok(svg.includes(`id="p${n}-tip"`) && svg.includes(`url(#p${n}-tip)`));
});

test('one picture of an animation is seen at a time, and the first where nothing moves', () => {
  const svg = animation([1, 2, 3].map(picture), colours, 2);
  assert.equal(svg.match(/<animate /g)?.length, 3);
  assert.equal(svg.match(/<g visibility="hidden">/g)?.length, 2);
  assert.ok(svg.includes('dur="6s"'));
  assert.ok(!animation([picture(1)], colours, 2).includes('<animate'));
});

test('a caption is cut into lines, and long ones end in an ellipsis', () => {
  assert.deepEqual(wrapped('one two three', 70, 4), ['one two', 'three']);
  assert.equal(wrapped('word '.repeat(100), 140, 2).length, 2);
  assert.ok(wrapped('word '.repeat(100), 140, 2)[1].endsWith('…'));
});

test('the text of a scene tells who has control, every VM, every VMCS and the processor', () => {
  for (const lang of languages()) {
    const say = translator(catalogue(lang), lang);
    for (const at of ['0', '36', '36.4', '37', '62']) {
      const state = stateAt(at);
      const parts = sceneParts(state, say);
      const expected = 2 + new Set([...state.outline.vms, ...Object.keys(state.scene?.vms ?? {})]).size + Object.keys(state.scene?.vmcs ?? {}).length + (state.scene?.console ? 1 : 0);
      assert.equal(parts.length, expected, `${lang} ${at}`);
      assert.ok(parts.every(({ title, lines }) => title && lines.length && lines.every((line) => line && !/undefined|\{\w+\}/.test(line))), JSON.stringify(parts));
    }
  }
  assert.match(sceneText(stateAt('37'), t), /exit reason 10/);
});
