import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AttemptState, bodyOf, HOLD_S, OrderState, YOUNG_MS } from '../src/index.js';
import { Bridge, holdRequest } from './support/bridge.js';

/** A bridge that holds an offer, some time later. */
async function held(order = 'o1') {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest(order));
  bridge.server.now += YOUNG_MS;
  return bridge;
}

test('a hold of a placed order is confirmed', async () => {
  const bridge = await held();
  bridge.states.set('o1', OrderState.PLACED);
  assert.equal((await bridge.sweep.run()).confirmed, 1);
  assert.deepEqual(bridge.server.states(), ['1 redeemed']);
});

test('a hold of an order that was placed without the offer is released', async () => {
  const bridge = await held();
  bridge.states.set('o1', OrderState.PLACED);
  bridge.withoutOffers.add('o1');
  assert.equal((await bridge.sweep.run()).released, 1);
  assert.deepEqual(bridge.server.states(), ['1 cancelled']);
});

for (const state of [OrderState.ABANDONED, OrderState.CANCELLED]) {
  test(`a hold of an order that is ${state} is released`, async () => {
    const bridge = await held();
    bridge.states.set('o1', state);
    assert.equal((await bridge.sweep.run()).released, 1);
    assert.deepEqual(bridge.server.states(), ['1 cancelled']);
  });
}

test('a hold under payment is left alone until it lapses', async () => {
  const bridge = await held();
  bridge.states.set('o1', OrderState.PENDING);
  assert.equal((await bridge.sweep.run()).lapsed, 0);
  assert.equal(await bridge.stateOf(), AttemptState.HELD);
  bridge.server.now += HOLD_S * 1000;
  assert.equal((await bridge.sweep.run()).lapsed, 1);
  assert.equal(await bridge.stateOf(), AttemptState.LAPSED);
});

test('a hold of another system of the same server is left alone', async () => {
  const bridge = new Bridge((await held('theirs')).server);
  assert.equal((await bridge.sweep.run()).strays, 0);
  assert.deepEqual(bridge.server.states(), ['1 held']);
});

for (const [state, wanted] of [
  [OrderState.PLACED, '1 redeemed'],
  [OrderState.ABANDONED, '1 cancelled'],
  [OrderState.PENDING, '1 held'],
]) {
  test(`a hold that the table lost is settled by an order that is ${state}`, async () => {
    const bridge = new Bridge((await held()).server);
    bridge.states.set('o1', state);
    await bridge.sweep.run();
    assert.deepEqual(bridge.server.states(), [wanted]);
  });
}

test('a hold whose transaction may not be committed yet is left alone', async () => {
  const bridge = new Bridge();
  await bridge.client.redeem(bodyOf(holdRequest(), 1));
  bridge.states.set('o1', OrderState.ABANDONED);
  bridge.server.now += YOUNG_MS - 1_000;
  assert.equal((await bridge.sweep.run()).strays, 0);
  bridge.server.now += 1_000;
  assert.equal((await bridge.sweep.run()).strays, 1);
  assert.deepEqual(bridge.server.states(), ['1 cancelled']);
});

test('a lost confirmation is made up for when the hold is found', async () => {
  const bridge = await held();
  await bridge.checkout.release('o1');
  await bridge.checkout.placed('o1', { usesOffers: true });
  assert.equal(await bridge.stateOf(), AttemptState.LOST);
  bridge.store.waiting.clear();
  bridge.states.set('o1', OrderState.PLACED);
  assert.equal((await bridge.sweep.run()).strays, 1);
  assert.deepEqual(bridge.server.states(), ['1 redeemed']);
  assert.equal(await bridge.stateOf(), AttemptState.CONFIRMED);
});

test('rows without a number are left alone', async () => {
  const bridge = await held();
  bridge.client.redemptions = async () => [{ order: 'o1', attempt: null }];
  assert.equal((await bridge.sweep.run()).strays, 0);
});

test('a server that is away is named and the rest goes on', async () => {
  const bridge = await held();
  bridge.states.set('o1', OrderState.ABANDONED);
  bridge.server.faults.push(...Array(20).fill('broken'));
  const report = await bridge.sweep.run();
  assert.match(report.failure, /status 500/);
  assert.equal(report.released, 1);
  assert.equal(report.delivery.waiting, 1);
  assert.match(bridge.said[0], /cannot be compared/);
});
