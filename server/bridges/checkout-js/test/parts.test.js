import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as library from '../src/index.js';
import {
  AttemptEvent,
  AttemptState,
  after,
  digitsOf,
  MemoryStore,
  MINOR_DIGITS,
  nextState,
  OPEN,
  priceOf,
  reasonAgainst,
  signIdentity,
  TRANSITIONS,
} from '../src/index.js';
import { storeContract } from '../src/store_contract.js';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

storeContract('the store in memory', async () => new MemoryStore());

// Attempts

const PYTHON = read('../../bridge/tactful_bridge/attempts.py');

test('the states, events and transitions are those of the Python library', () => {
  const table = PYTHON.slice(PYTHON.indexOf('TRANSITIONS'), PYTHON.indexOf('OPEN: Final'));
  const rows = [...table.matchAll(/_S\.(\w+): \{([^}]*)\}/g)].map(([, state, events]) => [
    AttemptState[state],
    Object.fromEntries(
      [...events.matchAll(/_E\.(\w+): _S\.(\w+)/g)].map(([, event, next]) => [
        AttemptEvent[event],
        AttemptState[next],
      ]),
    ),
  ]);
  assert.deepEqual(Object.fromEntries(rows), { ...TRANSITIONS });
  const values = [...PYTHON.matchAll(/^ {4}[A-Z_]+ = "(\w+)"$/gm)].map(([, value]) => value);
  const ours = [...Object.values(AttemptState), ...Object.values(AttemptEvent)];
  assert.deepEqual(values, ours);
});

test('an event that means nothing in a state changes nothing', () => {
  assert.equal(nextState(AttemptState.CONFIRMED, AttemptEvent.EXPIRED), AttemptState.CONFIRMED);
});

test('the request is kept while an attempt is open', () => {
  const attempt = { order: 'o', number: 1, state: 'asked', request: { customer: 'c' }, until: 1 };
  assert.deepEqual(after(attempt, AttemptEvent.HOLD_ANSWERED).request, { customer: 'c' });
  assert.deepEqual(after(attempt, AttemptEvent.PLACED).request, {});
  assert.deepEqual([...OPEN], ['asked', 'held']);
});

// Carts

const CLAIMS = {
  offer: 'of_1',
  sku: 'RUN-42',
  territory: 'DE',
  currency: 'EUR',
  unit: 10965,
  max_qty: 2,
  iat: 1,
  exp: 2,
  rulebook: 'r',
  holder: 'h',
};
const ITEM = { sku: 'RUN-42', territory: 'DE', currency: 'EUR', unit: 12900 };

test('an offer for this item can be put into the cart', () => {
  assert.equal(reasonAgainst(CLAIMS, ITEM, 2, new Set(['of_2'])), null);
});

for (const [claims, item, quantity, inCart, reason] of [
  [{ level: 'order' }, {}, 1, [], 'offer.level'],
  [{ sku: 'RUN-43' }, {}, 1, [], 'offer.item'],
  [{}, { territory: 'AT' }, 1, [], 'offer.territory'],
  [{}, { currency: 'CHF' }, 1, [], 'offer.currency'],
  [{}, {}, 3, [], 'offer.quantity'],
  [{}, {}, 0, [], 'offer.quantity'],
  [{}, {}, 1.5, [], 'offer.quantity'],
  [{}, {}, 1, ['of_1'], 'offer.in_cart'],
  [{}, { unit: 10965 }, 1, [], 'offer.no_saving'],
  [{}, { unit: 9900 }, 1, [], 'offer.no_saving'],
]) {
  test(`an offer that does not fit is refused: ${reason}, ${quantity} units`, () => {
    const found = reasonAgainst({ ...CLAIMS, ...claims }, { ...ITEM, ...item }, quantity, inCart);
    assert.equal(found, reason);
  });
}

test('a line costs the promise, and the own price without a usable offer', () => {
  assert.deepEqual(priceOf(CLAIMS, ITEM, 2), { unit: 10965, usesOffer: true });
  assert.deepEqual(priceOf(null, ITEM, 1), { unit: 12900, usesOffer: false });
  assert.deepEqual(priceOf(CLAIMS, ITEM, 3), { unit: 12900, usesOffer: false });
  assert.deepEqual(priceOf(CLAIMS, { ...ITEM, unit: 9900 }, 1), { unit: 9900, usesOffer: false });
});

test('amounts have the digits of their currency, as in the Python library', () => {
  const table = read('../../bridge/tactful_bridge/cart.py').split('MINOR_DIGITS: Final = {')[1];
  const rows = [...table.split('}')[0].matchAll(/"([A-Z]{3})": (\d)/g)];
  const digits = Object.fromEntries(rows.map(([, currency, count]) => [currency, Number(count)]));
  assert.deepEqual(digits, { ...MINOR_DIGITS });
  assert.deepEqual(['EUR', 'JPY', 'KWD'].map(digitsOf), [2, 0, 3]);
});

// Identities

test('an identity names the customer and its end, and lives no longer than a server accepts', () => {
  const [head, claims, signature] = signIdentity('s', 'c-17', 100).split('.');
  const json = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
  assert.deepEqual(json(head), { alg: 'HS256', typ: 'tactful-identity+jwt' });
  assert.deepEqual(json(claims), { sub: 'c-17', aud: 'tactful', iat: 100, exp: 400 });
  const digest = createHmac('sha256', 's').update(`${head}.${claims}`).digest('base64url');
  assert.equal(signature, digest);
  const long = signIdentity('s', 'c', 100, { life: 86_400, group: 'club' }).split('.')[1];
  assert.deepEqual(json(long), { sub: 'c', aud: 'tactful', iat: 100, exp: 700, group: 'club' });
});

// Types

test('the type declarations name exactly what the library has', () => {
  const declared = [
    ...read('../src/index.d.ts').matchAll(/^export (?:class|const|function) (\w+)/gm),
  ];
  assert.deepEqual(declared.map(([, name]) => name).sort(), Object.keys(library).sort());
});
