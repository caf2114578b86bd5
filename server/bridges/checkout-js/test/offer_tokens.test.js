import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  KeyCache,
  keysOf,
  MAX_AGE_MS,
  OutcomeUnknownError,
  PAUSE_MS,
  TactfulClient,
  verify,
} from '../src/index.js';

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../../tests/vectors/tokens.json', import.meta.url), 'utf8'),
);
const { keys: JWKS } = VECTORS.jwks;
const NOW = VECTORS.tokens[0].now;
const NEWER = VECTORS.tokens.find(({ name }) => name.includes('replaced')).token;
const FOREIGN = VECTORS.tokens.find(({ want }) => want === 'token.key').token;
const refusedWith = (code) => (error) => error.code === code;

for (const { name, token, now, want } of VECTORS.tokens) {
  test(`vector: ${name}: ${want}`, () => {
    const judge = () => verify(token, keysOf(VECTORS.jwks), now);
    if (want === 'ok') assert.equal(typeof judge().unit, 'number');
    else assert.throws(judge, refusedWith(want));
  });
}

test('the claims are those that were signed', () => {
  assert.deepEqual({ ...verify(VECTORS.token, keysOf(VECTORS.jwks), NOW) }, VECTORS.claims);
});

for (const token of ['', 'a.b.c', `${VECTORS.token}\n`, 7, null, undefined, 'x'.repeat(5000)]) {
  test(`${String(token).slice(0, 12)} (${typeof token}) is no token`, () => {
    const judge = () => verify(token, keysOf(VECTORS.jwks), NOW);
    assert.throws(judge, refusedWith('token.malformed'));
  });
}

test('keys of another kind are left out, and what is no key set is refused', () => {
  assert.equal(keysOf({ keys: [{ kty: 'RSA', kid: 'r' }, ...JWKS] }).size, JWKS.length);
  for (const document of [
    null,
    {},
    { keys: 7 },
    { keys: [{ crv: 'Ed25519', kid: 'k', x: 'AA' }] },
  ]) {
    assert.throws(() => keysOf(document), OutcomeUnknownError);
  }
});

/** A server that publishes keys. */
class Keys {
  fetches = 0;
  now = NOW;
  isAway = false;

  constructor(...keys) {
    this.keys = keys;
    this.cache = new KeyCache(new TactfulClient(this), () => this.now);
  }

  async send(method, path) {
    assert.deepEqual([method, path], ['GET', '/.well-known/jwks.json']);
    this.fetches += 1;
    if (this.isAway) throw new OutcomeUnknownError('away');
    return { status: 200, body: JSON.stringify({ keys: this.keys }) };
  }
}

test('keys are fetched once for many tokens, also for those that come at once', async () => {
  const keys = new Keys(...JWKS);
  const many = await Promise.all([1, 2, 3].map(() => keys.cache.verify(VECTORS.token)));
  assert.ok(many.every(({ sku }) => sku === 'RUN-42'));
  await keys.cache.verify(VECTORS.token);
  assert.equal(keys.fetches, 1);
});

test('an order that holds an offer keeps its price after the end of the offer', async () => {
  const keys = new Keys(...JWKS);
  keys.now = VECTORS.claims.exp * 1000;
  await assert.rejects(keys.cache.verify(VECTORS.token), refusedWith('token.expired'));
  assert.equal((await keys.cache.verify(VECTORS.token, { at: 0 })).unit, VECTORS.claims.unit);
});

test('keys are fetched again after five minutes', async () => {
  const keys = new Keys(...JWKS);
  await keys.cache.verify(VECTORS.token);
  keys.now += MAX_AGE_MS;
  await keys.cache.verify(VECTORS.token);
  assert.equal(keys.fetches, 2);
});

test('a new key is fetched when its first token comes', async () => {
  const keys = new Keys(JWKS[0]);
  await keys.cache.verify(VECTORS.token);
  keys.keys = JWKS;
  keys.now += PAUSE_MS;
  assert.ok((await keys.cache.verify(NEWER)).currency);
  assert.equal(keys.fetches, 2);
});

test('forged tokens do not flood the server', async () => {
  const keys = new Keys(...JWKS);
  for (let count = 0; count < 50; count += 1) {
    await assert.rejects(keys.cache.verify(FOREIGN), refusedWith('token.key'));
  }
  assert.equal(keys.fetches, 1);
});

test('known keys stay in use while the server is away', async () => {
  const keys = new Keys(...JWKS);
  await keys.cache.verify(VECTORS.token);
  keys.isAway = true;
  keys.now += MAX_AGE_MS;
  assert.equal((await keys.cache.verify(VECTORS.token)).sku, 'RUN-42');
});

test('without any keys nothing is known, and the next page asks again', async () => {
  const keys = new Keys(...JWKS);
  keys.isAway = true;
  await assert.rejects(keys.cache.verify(VECTORS.token), /keys are not known/);
  keys.isAway = false;
  assert.equal((await keys.cache.verify(VECTORS.token)).sku, 'RUN-42');
});

test('a broken key document is an unknown outcome', async () => {
  const keys = new Keys({ crv: 'Ed25519', kid: 'k', x: 'AA' });
  await assert.rejects(keys.cache.verify(VECTORS.token), /keys are not known/);
});
