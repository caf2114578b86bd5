import assert from 'node:assert/strict';
import { test } from 'node:test';

import { adjustmentFor, isChargedAsPromised } from '../src/amounts.js';

const GROSS = { channel: { pricesIncludeTax: true } };
const NET = { channel: { pricesIncludeTax: false } };

/** A line as Vendure prices it: each unit is rounded, and then multiplied. */
function line({
  listPrice,
  quantity = 1,
  includesTax = true,
  taxRate = 19,
  adjustments = [],
  placed = 0,
}) {
  const taken = adjustments.reduce((sum, { amount }) => sum + amount, 0);
  const unit = listPrice + taken / Math.max(placed, quantity);
  const withTax = includesTax ? unit : unit + unit * (taxRate / 100);
  const without = includesTax ? unit - (unit - unit / ((100 + taxRate) / 100)) : unit;
  return {
    listPrice,
    quantity,
    listPriceIncludesTax: includesTax,
    taxRate,
    adjustments,
    orderPlacedQuantity: placed,
    proratedLinePriceWithTax: Math.round(withTax) * quantity,
    proratedLinePrice: Math.round(without) * quantity,
  };
}

/** The line after its adjustment. */
const reduced = (ctx, given, promised) => {
  const amount = adjustmentFor(ctx, line(given), promised);
  return line({ ...given, adjustments: [...(given.adjustments ?? []), { amount }] });
};

test('a line costs exactly the promise where prices include tax', () => {
  const found = reduced(GROSS, { listPrice: 12900, quantity: 2 }, 10965);
  assert.equal(found.proratedLinePriceWithTax, 21930);
  assert.equal(isChargedAsPromised(GROSS, found, 10965), true);
});

test('a line costs exactly the promise where prices are entered and shown without tax', () => {
  const found = reduced(NET, { listPrice: 12900, quantity: 3, includesTax: false }, 10965);
  assert.equal(found.proratedLinePrice, 32895);
  assert.equal(isChargedAsPromised(NET, found, 10965), true);
});

test('a second promotion with the same action changes nothing', () => {
  const found = reduced(GROSS, { listPrice: 12900 }, 10965);
  assert.equal(adjustmentFor(GROSS, found, 10965), 0);
});

test('an order that was placed keeps the price of its units when some are cancelled', () => {
  const given = { listPrice: 12900, quantity: 1, placed: 2 };
  assert.equal(reduced(GROSS, given, 10965).proratedLinePriceWithTax, 10965);
});

test('where tax is added to a net price, the shopper pays the next price at or below the promise', () => {
  for (const taxRate of [5.5, 7, 19, 20, 25]) {
    for (let promised = 1; promised < 2_000; promised += 1) {
      const given = { listPrice: 5_000, quantity: 3, includesTax: false, taxRate };
      const found = reduced(GROSS, given, promised);
      const missing = promised * 3 - found.proratedLinePriceWithTax;
      assert.ok(missing >= 0 && missing <= 3, `${promised} at ${taxRate} %: ${missing}`);
      assert.equal(isChargedAsPromised(GROSS, found, promised), true);
    }
  }
});

test('a line that another reduction has changed is not charged as promised', () => {
  for (const amount of [-1, 1]) {
    const found = reduced(GROSS, { listPrice: 12900 }, 10965);
    const other = line({ listPrice: 12900, adjustments: [...found.adjustments, { amount }] });
    assert.equal(isChargedAsPromised(GROSS, other, 10965), false);
  }
});
