/** A discount with single-use codes, against Shopify's documented answers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AdminApi, ShopifyError } from '../src/admin_api.js';
import { createCodes, discountInput, newCode } from '../src/code_batch.js';
import { FakeShopify } from './support/fake_shopify.js';

const TERMS = { title: 'Spring', percent: 15, startsAt: '2026-03-01T00:00:00Z' };

const apiOf = (shopify) =>
  new AdminApi('aero.myshopify.com', 'secret', {
    fetch: shopify.fetch,
    sleep: async () => {},
  });

test('every code of the batch is stored with a use of its own', async () => {
  const shopify = new FakeShopify();
  const { codes } = await createCodes(apiOf(shopify), { ...TERMS, prefix: 'S-' }, 600);
  assert.equal(new Set(codes).size, 600);
  assert.deepEqual(shopify.codes, codes);
  assert.ok(codes.every((code) => /^S-[2-9A-HJ-NP-Z]{12}$/.test(code)));
  assert.deepEqual(shopify.batches, [250, 250, 99]);
  assert.equal(shopify.discount.usageLimit, 1);
  assert.deepEqual(shopify.tokens, new Set(['secret']));
});

test('a discount is a percentage or an amount off each item, and combines with nothing', () => {
  const percent = discountInput({ ...TERMS, code: 'A' });
  assert.deepEqual(percent.customerGets, { value: { percentage: 0.15 }, items: { all: true } });
  assert.deepEqual(percent.combinesWith, {
    orderDiscounts: false,
    productDiscounts: false,
    shippingDiscounts: false,
  });
  const amount = discountInput({ title: 'T', code: 'A', amount: '10.00', variants: ['42'] });
  assert.deepEqual(amount.customerGets, {
    value: { discountAmount: { amount: '10.00', appliesOnEachItem: true } },
    items: { products: { productVariantsToAdd: ['gid://shopify/ProductVariant/42'] } },
  });
  for (const wrong of [{}, { percent: 5, amount: '1.00' }, { percent: 100 }, { percent: 0 }]) {
    assert.throws(() => discountInput({ title: 'T', code: 'A', ...wrong }), ShopifyError);
  }
});

test('a part of the codes that is not whole is an error, and so is a refusal', async () => {
  const lossy = new FakeShopify({ failed: 1 });
  await assert.rejects(createCodes(apiOf(lossy), TERMS, 10), /Shopify stored 8 of 9 codes/);
  const refusing = new FakeShopify({ userErrors: [{ message: 'Code must be unique.' }] });
  await assert.rejects(createCodes(apiOf(refusing), TERMS, 10), /Code must be unique/);
  await assert.rejects(createCodes(apiOf(new FakeShopify()), TERMS, 0), /at least one/);
});

test('a throttled request is tried again, and another failure is not', async () => {
  const throttled = new FakeShopify({ throttle: 2 });
  assert.equal((await createCodes(apiOf(throttled), TERMS, 1)).codes.length, 1);
  const broken = new FakeShopify({ status: 500 });
  await assert.rejects(createCodes(apiOf(broken), TERMS, 1), /answers 500/);
  assert.equal(broken.requests, 1);
  const wrong = new FakeShopify({ errors: [{ message: 'Field is unknown.' }] });
  await assert.rejects(createCodes(apiOf(wrong), TERMS, 1), /Field is unknown/);
});

test('a token is sent to a domain of Shopify only', () => {
  for (const shop of ['evil.example', 'aero.myshopify.com.evil.example', 'a/b.myshopify.com']) {
    assert.throws(() => new AdminApi(shop, 'secret'), ShopifyError);
  }
});

test('codes have sixty bits and no letters that are mistaken for digits', () => {
  assert.match(newCode('X'), /^X[2-9A-HJ-NP-Z]{12}$/);
  assert.notEqual(newCode(''), newCode(''));
});
