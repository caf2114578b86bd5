import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  AttemptState,
  bodyOf,
  HOLD_S,
  OutcomeUnknownError,
  RefusedError,
  untilOf,
} from '../src/index.js';
import { Bridge, holdRequest } from './support/bridge.js';

const refusedWith = (code) => (error) => error instanceof RefusedError && error.code === code;

test('a request names everything that is charged', () => {
  const line = { token: 't', sku: 'RUN-42', qty: 2, unit: 10965, currency: 'EUR', line: '7' };
  const request = { order: 'o1', territory: 'DE', lines: [line], seconds: 60 };
  const body = bodyOf({ ...request, customer: 'c1', session: 'se_1' }, 3);
  const unit = { amount: 10965, currency: 'EUR' };
  assert.deepEqual(body, {
    tokens: ['t'],
    order: 'o1',
    attempt: 3,
    hold: 60,
    territory: 'DE',
    lines: [{ sku: 'RUN-42', qty: 2, unit, line: '7' }],
    customer: 'c1',
    session: 'se_1',
  });
});

test('an order that is paid is held and confirmed', async () => {
  const bridge = new Bridge();
  const attempt = await bridge.checkout.hold(holdRequest());
  assert.equal(attempt.until, bridge.server.now + HOLD_S * 1000);
  assert.deepEqual(bridge.server.states(), ['1 held']);
  await bridge.checkout.placed('o1', { usesOffers: true });
  assert.equal(await bridge.stateOf(), AttemptState.CONFIRMING);
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 redeemed']);
  assert.equal(await bridge.stateOf(), AttemptState.CONFIRMED);
});

test('the same request holds once', async () => {
  const bridge = new Bridge();
  const first = await bridge.checkout.hold(holdRequest());
  assert.deepEqual(await bridge.checkout.hold(holdRequest()), first);
  assert.deepEqual(bridge.server.states(), ['1 held']);
});

test('a request is recognised whatever order a database gives to its keys', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  const [[key, attempt]] = bridge.store.attempts;
  const turned = Object.fromEntries(Object.entries(attempt.request).reverse());
  bridge.store.attempts.set(key, { ...attempt, request: turned });
  assert.equal((await bridge.checkout.hold(holdRequest())).number, 1);
});

test('a lost answer is asked for until it is known', async () => {
  const bridge = new Bridge();
  bridge.server.faults.push('lost_answer', 'busy', 'broken', 'lost_request');
  await bridge.checkout.hold(holdRequest());
  assert.deepEqual(bridge.server.states(), ['1 held']);
  assert.equal(bridge.server.sent.length, 5);
});

test('an unknown outcome is no hold and is released', async () => {
  const bridge = new Bridge();
  bridge.server.faults.push(...Array(20).fill('lost_answer'));
  await assert.rejects(bridge.checkout.hold(holdRequest()), OutcomeUnknownError);
  assert.equal(await bridge.stateOf(), AttemptState.ASKED);
  bridge.server.faults = [];
  await bridge.checkout.release('o1');
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 cancelled']);
  assert.equal(await bridge.stateOf(), AttemptState.RELEASED);
});

test('a declined card and a retry are two attempts of one order', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.release('o1');
  await bridge.checkout.hold(holdRequest());
  assert.deepEqual(bridge.server.states(), ['1 cancelled', '2 held']);
});

test('a second order with the same token is refused', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await assert.rejects(bridge.checkout.hold(holdRequest('o2')), refusedWith('redemption.used'));
  assert.equal(await bridge.stateOf('o2'), AttemptState.REFUSED);
  await bridge.checkout.release('o1');
  await bridge.delivery.deliver();
  assert.equal((await bridge.checkout.hold(holdRequest('o2'))).number, 2);
});

test('changed lines release what was held and hold anew', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest('o1', 't1', 't2'));
  await bridge.checkout.hold(holdRequest('o1', 't2'));
  assert.deepEqual(bridge.server.states(), ['1 cancelled', '2 held']);
});

test('nothing is held while an earlier release has not arrived', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.release('o1');
  bridge.server.faults.push(...Array(20).fill('lost_request'));
  await assert.rejects(bridge.checkout.hold(holdRequest()), /has not reached Tactful/);
  assert.deepEqual(bridge.server.states(), ['1 held']);
});

test('an order that was placed holds nothing more', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: true });
  await assert.rejects(bridge.checkout.hold(holdRequest()), refusedWith('order.placed'));
});

test('a hold that ended is followed by a new attempt', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  bridge.server.now += HOLD_S * 1000;
  assert.equal((await bridge.checkout.hold(holdRequest())).number, 2);
  assert.deepEqual(bridge.server.states(), ['1 lapsed', '2 held']);
});

test('a platform that lost its table finds the next number', async () => {
  const bridge = new Bridge();
  for (let count = 0; count < 2; count += 1) {
    await bridge.checkout.hold(holdRequest());
    await bridge.checkout.release('o1');
    await bridge.delivery.deliver();
  }
  const restored = new Bridge(bridge.server);
  assert.equal((await restored.checkout.hold(holdRequest())).number, 3);
});

test('a repeated answer about a hold that has ended is no hold', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  bridge.server.now += HOLD_S * 1000;
  const restored = new Bridge(bridge.server);
  assert.equal((await restored.checkout.hold(holdRequest())).number, 2);
  assert.deepEqual(bridge.server.states(), ['1 lapsed', '2 held']);
});

test('numbers that are all taken are a refusal', async () => {
  const bridge = new Bridge();
  for (let number = 1; number < 5; number += 1) {
    await bridge.client.redeem(bodyOf(holdRequest(), number));
    bridge.server.now += HOLD_S * 1000;
  }
  await assert.rejects(bridge.checkout.hold(holdRequest()), refusedWith('redemption.lapsed'));
});

test('a cancelled order gives back what it redeemed, once', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: true });
  await bridge.checkout.cancel('o1');
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 cancelled']);
  assert.equal(await bridge.stateOf(), AttemptState.RELEASED);
  const sent = bridge.server.sent.length;
  await bridge.checkout.cancel('o1');
  await bridge.delivery.deliver();
  assert.equal(bridge.server.sent.length, sent);
});

test('releasing does not touch an order that was placed', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: true });
  await bridge.checkout.release('o1');
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 redeemed']);
});

test('a late payment is confirmed after the hold has lapsed', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  bridge.server.now += HOLD_S * 1000;
  await bridge.checkout.placed('o1', { usesOffers: true });
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 redeemed']);
});

test('an order placed after its offer was released is reported', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.release('o1');
  await bridge.checkout.placed('o1', { usesOffers: true });
  assert.equal(await bridge.stateOf(), AttemptState.LOST);
  assert.match(bridge.said[0], /Order o1 was placed at the price of an offer after/);
});

test('an order at the price of an offer that was never held is reported', async () => {
  const bridge = new Bridge();
  await bridge.checkout.placed('o9', { usesOffers: true });
  assert.match(bridge.said[0], /Order o9 .* that was never held/);
});

test('an order placed without the offer gives it back', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: false });
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.states(), ['1 cancelled']);
});

test('orders without offers are ignored', async () => {
  const bridge = new Bridge();
  await bridge.checkout.placed('o9', { usesOffers: false });
  await bridge.checkout.release('o9');
  await bridge.checkout.cancel('o9');
  await bridge.checkout.refund('o9', 'r1', { lines: [{ sku: 'RUN-42', qty: 1 }] });
  await bridge.delivery.deliver();
  assert.deepEqual(bridge.server.sent, []);
});

test('an order is noted as placed once', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: true });
  await bridge.checkout.placed('o1', { usesOffers: true });
  assert.equal(bridge.store.waiting.size, 1);
});

test('refunds name lines or an amount', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold(holdRequest());
  await bridge.checkout.placed('o1', { usesOffers: true });
  const lines = [{ sku: 'SKU-t1', qty: 1 }];
  const amount = { amount: 500, currency: 'EUR' };
  await bridge.checkout.refund('o1', 'r1', { lines });
  await bridge.checkout.refund('o1', 'r2', { amount });
  await bridge.delivery.deliver();
  const refunds = [...bridge.server.refunds.values()];
  assert.deepEqual(refunds, [
    { refund: 'r1', lines },
    { refund: 'r2', amount },
  ]);
});

test('an attempt that has ended keeps nothing about the customer', async () => {
  const bridge = new Bridge();
  await bridge.checkout.hold({ ...holdRequest(), customer: 'c1' });
  assert.equal((await bridge.store.latestAttempt('o1')).request.customer, 'c1');
  await bridge.checkout.placed('o1', { usesOffers: true });
  assert.deepEqual((await bridge.store.latestAttempt('o1')).request, {});
});

test('a session that identified nobody needs no customer', async () => {
  const bridge = new Bridge();
  bridge.server.anonymous.add('t1');
  const request = { ...holdRequest(), customer: 'c1' };
  const attempt = await bridge.checkout.hold(request);
  assert.equal(attempt.request.customer, undefined);
  assert.deepEqual(await bridge.checkout.hold(request), attempt);
  assert.deepEqual(bridge.server.states(), ['1 held']);
});

test('the end of a hold is the earliest that is named', () => {
  const at = (ms) => ({ until: new Date(ms).toISOString() });
  assert.equal(untilOf(at(5_000), 1), 5_000);
  assert.equal(untilOf({ redemptions: [at(9_000), at(7_000)] }, 1), 7_000);
  assert.equal(untilOf({ redemptions: [{}, null] }, 1), 1);
});
