import assert from 'node:assert/strict';
import test from 'node:test';
import { allowed, createChannel } from '../../static/js/host/channel.js';

/** A frame's window with a parent that notes what it is told. @param {string[]} origins @param {Record<string, (args: any) => unknown>} methods */
function frame(origins = [], methods = {}) {
  /** @type {any[]} */
  const told = [];
  let greeted = 0;
  /** @type {(message: any) => void} */
  let hear = () => {};
  /** @type {any} */
  const window = { parent: { postMessage: (/** @type {any} */ message, /** @type {string} */ to) => message.event === 'hello' || told.push([message, to]) },
    addEventListener: (/** @type {string} */ _, /** @type {typeof hear} */ listener) => { hear = listener; } };
  const channel = createChannel({ window, origins, greet: () => { greeted += 1; }, methods });
  const say = (/** @type {string} */ origin, /** @type {object} */ data, /** @type {any} */ source = window.parent) => hear({ origin, data: { namespace: 'vmviz', ...data }, source });
  return { channel, say, told, hears: (/** @type {any} */ message) => hear(message), greeted: () => greeted };
}

test('nothing is told before the page around has said hello', () => {
  const { channel, say, told } = frame();
  channel.tell('ready');
  assert.deepEqual(told, []);
  say('https://a.example', { method: 'hello' });
  channel.tell('ready', { step: 3 });
  assert.deepEqual(told, [[{ namespace: 'vmviz', event: 'ready', step: 3 }, 'https://a.example']]);
});

test('origins of the setting are told at once, and no other is heard', () => {
  const { channel, say, told, greeted } = frame(['https://a.example', 'https://*.b.example']);
  channel.tell('ready');
  assert.deepEqual(told.map(([, to]) => to), ['https://a.example']);
  say('https://evil.example', { method: 'hello' });
  assert.equal(greeted(), 0);
  say('https://x.b.example', { method: 'hello' });
  assert.equal(greeted(), 1);
});

test('a method needs a hello, the same origin and the parent', () => {
  let calls = 0;
  const { say } = frame([], { next: () => { calls += 1; } });
  say('https://a.example', { method: 'next' });
  assert.equal(calls, 0);
  say('https://a.example', { method: 'hello' });
  say('https://b.example', { method: 'next' });
  say('https://a.example', { method: 'next' }, {});
  assert.equal(calls, 0);
  say('https://a.example', { method: 'next', args: null });
  assert.equal(calls, 1);
});

test('an unknown method and bad arguments are answered with an error', () => {
  const { say, told } = frame([], { seek: () => 'bad_arguments' });
  say('null', { method: 'hello' });
  say('null', { method: 'constructor' });
  say('null', { method: 'seek', args: 'x' });
  assert.deepEqual(told.map(([{ code, params }, to]) => [code, params.method, to]), [['unknown_method', 'constructor', '*'], ['bad_arguments', 'seek', '*']]);
});

test('messages that are not ours are left alone', () => {
  const { hears, told } = frame();
  for (const data of [null, 'x', 7, { namespace: 'h5p' }, { namespace: 'vmviz' }, { namespace: 'vmviz', method: 3 }]) hears({ origin: 'https://a', data, source: {} });
  assert.deepEqual(told, []);
});

test('a wildcard allows hosts below and nothing that merely ends alike', () => {
  assert.ok(allowed('https://x.example.edu', ['https://*.example.edu']));
  assert.ok(!allowed('https://evilexample.edu', ['https://*.example.edu']));
  assert.ok(!allowed('http://x.example.edu', ['https://*.example.edu']));
  assert.ok(!allowed('https://example.edu', ['https://*.example.edu']));
});
