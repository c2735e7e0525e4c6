import assert from 'node:assert/strict';
import test from 'node:test';
import { addressOf, SNIPPETS } from '../../static/js/model/embedding.js';

const choice = { base: 'https://v.example/vmviz/', lesson: 'first-guests', title: 'A "quoted" & <b>', lang: 'pt-BR', theme: 'dark', controls: 'min', seed: '', drive: '', step: '37.3', width: 800, height: 600 };

test('an address has what was chosen, and only what is not the default', () => {
  assert.equal(addressOf(choice, 'embed'), 'https://v.example/vmviz/embed/first-guests?lang=pt-BR&theme=dark&controls=min#step=37.3');
  assert.equal(addressOf({ ...choice, theme: 'auto', controls: 'full', step: '' }, 'embed'), 'https://v.example/vmviz/embed/first-guests?lang=pt-BR');
});

test('a seed and who drives go with the address and the element', () => {
  assert.equal(addressOf({ ...choice, seed: '7', step: '' }, 'lesson'), 'https://v.example/vmviz/lesson/first-guests?lang=pt-BR&theme=dark&seed=7');
  assert.ok(SNIPPETS.element({ ...choice, seed: '7', drive: '1' }).includes(' seed="7" drive="1"'));
  assert.ok(addressOf({ ...choice, drive: '1', step: '' }, 'embed').endsWith('&drive=1'));
});

test('a link leads to the lesson page', () => {
  assert.equal(SNIPPETS.link(choice), 'https://v.example/vmviz/lesson/first-guests?lang=pt-BR&theme=dark#step=37.3');
});

test('no title ends an attribute', () => {
  for (const kind of /** @type {const} */ (['frame', 'resized', 'element'])) {
    const code = SNIPPETS[kind](choice);
    assert.ok(code.includes('title="A &quot;quoted&quot; &amp; &lt;b>"'), code);
  }
});

test('the element leaves out what is the default', () => {
  const code = SNIPPETS.element({ ...choice, theme: 'auto', controls: 'full', step: '' });
  assert.ok(code.includes('<vmviz-lesson name="first-guests" lang="pt-BR" title='), code);
  assert.ok(code.includes('src="https://v.example/vmviz/embed/element.js"'));
});
