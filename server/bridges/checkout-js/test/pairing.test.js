import assert from 'node:assert/strict';
import { test } from 'node:test';

import { OutcomeUnknownError, pair, RefusedError, signCustomer } from '../src/index.js';

const URL_ = 'https://offers.shop.example';
const ANSWER = {
  key: 'tft_0123456789ab_x',
  id: '0123456789ab',
  scopes: ['facts:write', 'redeem'],
  server: URL_,
  territory: null,
  identity_key: null,
  origin_allowed: false,
};

/** A server that gives one answer, and remembers what it was asked. */
function server(status, body) {
  const asked = [];
  const connect = (...address) => ({
    send: async (...request) => {
      asked.push(...address, ...request);
      return { status, body };
    },
  });
  return { asked, connect };
}

test('a code is sent to the address in it', async () => {
  const { asked, connect } = server(200, JSON.stringify(ANSWER));
  const found = await pair(` 5f0c@${URL_}\n`, { shop: 'https://shop.example', connect });
  const body = { code: '5f0c', shop: 'https://shop.example' };
  assert.deepEqual(asked, [URL_, '', 'POST', '/v1/pair', body]);
  assert.deepEqual(found, {
    url: URL_,
    key: 'tft_0123456789ab_x',
    keyId: '0123456789ab',
    identityKey: '',
    territory: '',
    isOriginAllowed: false,
  });
});

for (const code of ['', '5f0c', '5f0c@', `@${URL_}`, '5f0c@offers.shop.example']) {
  test(`a text that is no code is named: '${code}'`, () => assert.rejects(pair(code), TypeError));
}

test('a refusal and a stranger are told apart', async () => {
  const refusal = JSON.stringify({ code: 'pairing.refused', detail: 'The code was used.' });
  const refused = pair(`5f0c@${URL_}`, server(403, refusal));
  await assert.rejects(refused, (error) => {
    return error instanceof RefusedError && error.code === 'pairing.refused';
  });
  for (const body of ['<html>', '["hello"]']) {
    await assert.rejects(pair(`5f0c@${URL_}`, server(200, body)), OutcomeUnknownError);
  }
});

test('the identity of a customer is signed with the key of the pairing', () => {
  assert.deepEqual(signCustomer('key', '7', 1_773_144_000, { life: 9_999 }), {
    customer: '7',
    expires: 1_773_144_600,
    hmac: '25862a3d81a2beae4044306962bc73b8e348209da3307e1a5c49a53d2dc1343f',
  });
});
