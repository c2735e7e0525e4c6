/** Answers on their way: a double press is one answer, and the latest of several is the one to speak of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onItsWay } from '../../static/js/on_its_way.js';

/** A machine that answers when it is told to. */
function machine() {
  /** @type {((ack: {ok: boolean, number?: number}) => void)[]} */
  const waiting = [];
  return { waiting, ask: () => /** @type {Promise<{ok: boolean, number?: number}>} */ (new Promise((answer) => { waiting.push(answer); })) };
}

test('the same answer is not sent again while it is on its way, and may be sent again after that', async () => {
  const { waiting, ask } = machine();
  const send = onItsWay();
  const first = send('who', ['a'], ask);
  assert.equal(await send('who', ['a'], ask), null);
  assert.equal(waiting.length, 1);
  waiting[0]({ ok: true });
  assert.deepEqual(await first, { ack: { ok: true }, latest: true });
  send('who', ['a'], ask);
  assert.equal(waiting.length, 2);
});

test('of two answers only the later one is spoken of, and questions do not hinder each other', async () => {
  const { waiting, ask } = machine();
  const send = onItsWay();
  const all = [send('who', ['a'], ask), send('who', ['b'], ask), send('rax', ['a'], ask), send('who', undefined, ask)];
  assert.equal(waiting.length, 4);
  waiting.forEach((answer, n) => answer({ ok: true, number: n }));
  assert.deepEqual((await Promise.all(all)).map((one) => one?.latest), [false, false, true, true]);
});
