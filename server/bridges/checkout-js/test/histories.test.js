/** Random histories of a shop with faults and crashes: every offer is honoured at most once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AttemptState, BridgeError, Checkout, Delivery, HOLD_S, OrderState } from '../src/index.js';
import { Bridge, holdRequest } from './support/bridge.js';
import { FAULTS, KilledError } from './support/model_server.js';

const HISTORIES = 400;
const ORDERS = ['o1', 'o2', 'o3'];
const STEPS = ['checkout', 'pay', 'decline', 'leave', 'back', 'cancel', 'deliver', 'sweep', 'wait'];
const TOKENS = [['t1'], ['t2'], ['t1', 't2']];

/** Numbers that only depend on a seed (mulberry32). */
function randomOf(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end) => Math.floor(next() * end);
  return { below, one: (of) => of[below(of.length)] };
}

/** A platform that holds before the payment, and places an order only when it holds its offers. */
async function take(bridge, step, order, tokens, wait) {
  const { states, checkout } = bridge;
  const state = states.get(order) ?? OrderState.UNKNOWN;
  const isOpen = ![OrderState.PLACED, OrderState.CANCELLED].includes(state);
  if (step === 'checkout' && isOpen) {
    states.set(order, OrderState.ABANDONED);
    await checkout.hold(holdRequest(order, ...tokens));
    states.set(order, OrderState.PENDING);
  } else if (step === 'pay' && state === OrderState.PENDING) {
    states.set(order, OrderState.PLACED);
    await checkout.placed(order, { usesOffers: true });
  } else if (['decline', 'back'].includes(step) && state === OrderState.PENDING) {
    states.set(order, OrderState.ABANDONED);
    await checkout.release(order);
  } else if (step === 'cancel' && state === OrderState.PLACED) {
    states.set(order, OrderState.CANCELLED);
    await checkout.cancel(order);
  } else if (step === 'deliver') {
    await bridge.delivery.deliver();
  } else if (step === 'sweep') {
    await bridge.sweep.run();
  } else if (step === 'wait') {
    bridge.server.now += wait * 1000;
  }
}

async function play(seed) {
  const random = randomOf(seed);
  const bridge = new Bridge();
  for (let steps = random.below(26); steps > 0; steps -= 1) {
    const faults = Array.from({ length: random.below(4) }, () => random.one(['', ...FAULTS]));
    bridge.server.faults = faults;
    const drawn = [random.one(STEPS), random.one(ORDERS), random.one(TOKENS)];
    try {
      await take(bridge, ...drawn, random.one([1, 60, HOLD_S]));
    } catch (error) {
      if (!(error instanceof BridgeError || error instanceof KilledError)) throw error;
    }
    const live = bridge.server.live().flatMap((one) => one.tokens);
    assert.equal(new Set(live).size, live.length);
  }
  await settle(bridge);
  await check(bridge);
}

/** Everything works again, and the jobs run as long as they would in two days. */
async function settle(bridge) {
  bridge.server.faults = [];
  for (let runs = 0; runs < 5; runs += 1) {
    bridge.server.now += HOLD_S * 1000;
    await bridge.sweep.run();
  }
  bridge.server.now += 86_400_000;
  await bridge.sweep.run();
}

/** After the last sweep, platform and Tactful agree on every order. */
async function check(bridge) {
  assert.equal(bridge.store.waiting.size, 0);
  assert.deepEqual(await bridge.store.openAttempts(), []);
  const redeemed = bridge.server.live();
  assert.ok(redeemed.every((one) => one.state === 'redeemed'));
  for (const [order, state] of bridge.states) {
    const isRedeemed = redeemed.some((one) => one.order === order);
    if (state === OrderState.PLACED) {
      // Lost: the payment ended after its hold, and another order had used an offer by then.
      const attempt = await bridge.stateOf(order);
      assert.ok([AttemptState.CONFIRMED, AttemptState.LOST].includes(attempt), attempt);
      assert.equal(isRedeemed, attempt === AttemptState.CONFIRMED);
    } else {
      assert.equal(isRedeemed, false);
    }
  }
}

test('every offer is honoured at most once, and nothing stays undecided', async () => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    await play(seed).catch((error) => {
      throw new Error(`history ${seed}: ${error.message}`, { cause: error });
    });
  }
});

const BROKEN = {
  'a bridge that forgets to cancel': [Checkout.prototype, 'cancel', async () => {}],
  'a bridge that forgets to confirm': [Checkout.prototype, 'placed', async () => {}],
  'a bridge that sends nothing later': [Delivery.prototype, 'deliver', async () => ({})],
};

for (const [name, [prototype, method, broken]] of Object.entries(BROKEN)) {
  test(`the histories find ${name}`, async () => {
    const right = prototype[method];
    prototype[method] = broken;
    try {
      await assert.rejects(async () => {
        for (let seed = 1; seed <= HISTORIES; seed += 1) await play(seed);
      }, assert.AssertionError);
    } finally {
      prototype[method] = right;
    }
  });
}
