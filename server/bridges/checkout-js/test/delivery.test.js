import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  AttemptState,
  Delivery,
  EntryKind,
  FIRST_WAIT_MS,
  LONGEST_WAIT_MS,
  MemoryStore,
  NoFacts,
  outboxEntry,
  TactfulClient,
} from '../src/index.js';
import { Bridge, holdRequest } from './support/bridge.js';
import { KilledError } from './support/model_server.js';

async function placed(bridge, order = 'o1', ...tokens) {
  await bridge.checkout.hold(holdRequest(order, ...tokens));
  await bridge.checkout.placed(order, { usesOffers: true });
}

/** A delivery of the bridge's entries to a server that always answers alike. */
function answering(bridge, status, body) {
  const transport = { send: async () => ({ status, body: JSON.stringify(body) }) };
  const client = new TactfulClient(transport);
  const facts = { factsOf: (subject) => bridge.facts.get(subject) ?? [] };
  const say = (message) => bridge.said.push(message);
  const log = { error: say, warn: say };
  return new Delivery(client, bridge.store, facts, { clock: bridge.server.clock, log });
}

test('entries of one order are sent in their order', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  await bridge.checkout.refund('o1', 'r1', { amount: { amount: 5, currency: 'EUR' } });
  await bridge.checkout.cancel('o1');
  assert.deepEqual(await bridge.delivery.deliver(), { delivered: 3, failed: 0, waiting: 0 });
  const steps = bridge.server.sent.slice(1).map(({ path }) => path.split('/').at(-1));
  assert.deepEqual(steps, ['confirm', 'refund', 'cancel']);
});

test('a failed entry waits longer each time and holds up no other order', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  await placed(bridge, 'o2', 't2');
  const waits = [];
  for (let tries = 0; tries < 14; tries += 1) {
    bridge.server.faults.push('broken');
    await bridge.delivery.deliver({ subject: 'o1' });
    waits.push([...bridge.store.waiting.values()][0].notBefore - bridge.server.now);
  }
  assert.deepEqual(waits.slice(0, 3), [FIRST_WAIT_MS, 2 * FIRST_WAIT_MS, 4 * FIRST_WAIT_MS]);
  assert.equal(waits.at(-1), LONGEST_WAIT_MS);
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  assert.equal(await bridge.stateOf('o2'), AttemptState.CONFIRMED);
  bridge.server.now += LONGEST_WAIT_MS;
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  assert.equal(await bridge.stateOf(), AttemptState.CONFIRMED);
});

test('a delivery stops at its limit', async () => {
  const bridge = new Bridge();
  for (const number of [1, 2, 3]) await placed(bridge, `o${number}`, `t${number}`);
  assert.equal((await bridge.delivery.deliver({ limit: 2 })).delivered, 2);
  assert.equal(bridge.store.waiting.size, 1);
});

test('a killed delivery is repeated', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  bridge.server.faults.push('killed_after');
  await assert.rejects(bridge.delivery.deliver(), KilledError);
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  assert.equal(await bridge.stateOf(), AttemptState.CONFIRMED);
});

test('a refused confirmation is kept with its reason', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  await bridge.client.ask('POST', '/v1/redemptions/o1/cancel', {});
  assert.equal((await bridge.delivery.deliver()).failed, 1);
  assert.equal(await bridge.stateOf(), AttemptState.LOST);
  assert.match(bridge.store.failed[0].failure, /redemption\.cancelled/);
  assert.match(bridge.said[0], /refused to confirm o1/);
});

test('a cancellation of what never arrived is done', async () => {
  const bridge = new Bridge();
  bridge.server.faults.push(...Array(20).fill('lost_request'));
  await assert.rejects(bridge.checkout.hold(holdRequest()), /lost request/);
  bridge.server.faults = [];
  await bridge.checkout.release('o1');
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  assert.equal(await bridge.stateOf(), AttemptState.RELEASED);
});

test('a wrong key loses no entry', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  const report = await answering(bridge, 401, { code: 'key.wrong' }).deliver();
  assert.deepEqual(report, { delivered: 0, failed: 0, waiting: 1 });
  assert.match(bridge.said[0], /Correct the setting/);
  assert.deepEqual(bridge.store.failed, []);
});

test('a cancellation that is refused otherwise is kept', async () => {
  const bridge = new Bridge();
  await placed(bridge);
  await bridge.delivery.deliver();
  await bridge.checkout.cancel('o1');
  const report = await answering(bridge, 409, { code: 'order.shipped' }).deliver();
  assert.equal(report.failed, 1);
});

test('facts are read when they are sent', async () => {
  const bridge = new Bridge();
  const entry = outboxEntry(EntryKind.FACTS, 'product:1');
  await bridge.store.record(null, entry, entry);
  bridge.facts.set('product:1', [{ type: 'stock', sku: 'A' }]);
  assert.equal((await bridge.delivery.deliver()).delivered, 2);
  assert.equal(bridge.server.facts.length, 2);
});

test('facts may come one by one from a large table', async () => {
  const bridge = new Bridge();
  await bridge.store.record(null, outboxEntry(EntryKind.FACTS, 'catalogue'));
  bridge.facts.set(
    'catalogue',
    (async function* rows() {
      for (let number = 0; number < 1_001; number += 1) yield { type: 'stock', sku: `${number}` };
    })(),
  );
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  assert.deepEqual(
    bridge.server.sent.map(({ body }) => body.length),
    [500, 500, 1],
  );
});

test('a subject without facts sends nothing', async () => {
  const bridge = new Bridge();
  await bridge.store.record(null, outboxEntry(EntryKind.FACTS, 'product:1'));
  assert.equal((await bridge.delivery.deliver()).delivered, 1);
  const store = new MemoryStore();
  await store.record(null, outboxEntry(EntryKind.FACTS, 'product:1'));
  assert.equal((await new Delivery(bridge.client, store, new NoFacts()).deliver()).delivered, 1);
  assert.deepEqual(bridge.server.sent, []);
});

test('a rejected fact is kept with its reason', async () => {
  const bridge = new Bridge();
  bridge.facts.set('product:1', [{ type: 'stock' }]);
  await bridge.store.record(null, outboxEntry(EntryKind.FACTS, 'product:1'));
  const rejected = [{ index: 0, code: 'fact.invalid', message: 'No sku.' }];
  assert.equal((await answering(bridge, 200, { rejected }).deliver()).failed, 1);
  assert.equal(bridge.store.failed[0].failure, 'fact.invalid: No sku.');
  assert.match(bridge.said[0], /rejected facts about product:1/);
});

test('an answer about an earlier attempt leaves the later one alone', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.release('o1');
  const [entry] = await bridge.store.due(bridge.server.now, 1);
  await bridge.checkout.hold(holdRequest());
  await bridge.store.record(null, entry);
  await bridge.delivery.deliver();
  assert.equal(await bridge.stateOf(), AttemptState.HELD);
});
