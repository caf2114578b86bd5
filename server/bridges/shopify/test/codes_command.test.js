/** The command that creates codes, with everything around it replaced. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../src/codes_command.js';
import { FakeShopify } from './support/fake_shopify.js';

async function ran(args, { shopify = new FakeShopify(), token = 'secret' } = {}) {
  const printed = { out: '', error: '', shopify };
  const code = await run(args, {
    env: token ? { SHOPIFY_ACCESS_TOKEN: token } : {},
    out: (text) => (printed.out += text),
    error: (text) => (printed.error += text),
    now: () => new Date('2026-03-01T00:00:00Z'),
    fetch: shopify.fetch,
    sleep: async () => {},
  });
  return { code, ...printed };
}

const SHOP = ['--shop', 'aero.myshopify.com', '--count', '3'];

test('the codes are printed as the CSV that an import takes', async () => {
  const ends = '2026-12-31T23:00:00Z';
  const { code, out, shopify } = await ran([...SHOP, '--percent', '15', '--ends', ends]);
  assert.equal(code, 0);
  const [head, ...lines] = out.trimEnd().split('\n');
  assert.equal(head, 'code,ends_at');
  assert.deepEqual(
    lines,
    shopify.codes.map((one) => `${one},${ends}`),
  );
  assert.equal(shopify.discount.endsAt, ends);
  assert.equal(shopify.discount.startsAt, '2026-03-01T00:00:00.000Z');
});

test('nothing is printed where anything has failed', async () => {
  for (const [args, options, text] of [
    [SHOP, {}, /either a percentage or an amount/],
    [[...SHOP, '--percent', '15'], { token: '' }, /SHOPIFY_ACCESS_TOKEN/],
    [[...SHOP, '--percent', '15'], { shopify: new FakeShopify({ failed: 1 }) }, /stored 1 of 2/],
  ]) {
    const { code, out, error } = await ran(args, options);
    assert.deepEqual([code, out], [1, '']);
    assert.match(error, text);
  }
});

test('a call without its options explains itself', async () => {
  assert.equal((await ran(['--help'])).code, 0);
  assert.equal((await ran([])).code, 2);
  const { code, error } = await ran(['--colour', 'red']);
  assert.equal(code, 2);
  assert.match(error, /Usage:/);
});
