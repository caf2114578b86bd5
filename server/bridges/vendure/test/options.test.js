import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resolveOptions, TactfulOptionsError, territoriesIn } from '../src/options.js';

const GIVEN = { url: 'https://offers.shop.example', serverKey: 'k', territories: ['DE', 'AT'] };

test('options come from the call, and else from the environment', () => {
  const environment = {
    TACTFUL_URL: 'https://other.example',
    TACTFUL_SERVER_KEY: 'of-the-environment',
    TACTFUL_IDENTITY_SECRET: 's',
    TACTFUL_IDENTITY_KEY: 'i',
  };
  const { url, territories } = GIVEN;
  const found = resolveOptions({ url, territories }, environment);
  assert.equal(found.url, GIVEN.url);
  assert.equal(found.serverKey, 'of-the-environment');
  assert.deepEqual([found.identitySecret, found.identityKey], ['s', 'i']);
  assert.equal(found.holdSeconds, 1_800);
});

test('a channel has its own territories, or those of all others', () => {
  const one = resolveOptions(GIVEN, {});
  assert.deepEqual(territoriesIn(one, 'any'), ['DE', 'AT']);
  const two = resolveOptions({ ...GIVEN, territories: { uk: ['GB'] } }, {});
  assert.deepEqual(territoriesIn(two, 'uk'), ['GB']);
  assert.deepEqual(territoriesIn(two, 'other'), []);
});

for (const [changes, said] of [
  [{ url: '' }, /'url' is missing. Or set TACTFUL_URL: npx tactful-pair does it/],
  [{ serverKey: '' }, /'serverKey' is missing/],
  [{ serverkey: 'k' }, /There is no option 'serverkey'/],
  [{ territories: undefined }, /'territories' must list ISO 3166 codes/],
  [{ territories: [] }, /'territories' must list/],
  [{ territories: ['Germany'] }, /'territories' must list/],
  [{ territories: { uk: 'GB' } }, /'territories' must list/],
  [{ holdSeconds: '5' }, /'holdSeconds' must be a number/],
  [{ holdSeconds: 5 }, /from 30 to 86400/],
  [{ consent: true }, /'consent' must be a string/],
]) {
  test(`a mistake is named: ${JSON.stringify(changes)}`, () => {
    const judge = () => resolveOptions({ ...GIVEN, ...changes }, {});
    assert.throws(
      judge,
      (error) => error instanceof TactfulOptionsError && said.test(error.message),
    );
  });
}
