/** Entries of Google's `dataLayer` about products and the cart, in every dialect. */

import { first, list } from '../detect/product.js';
import { at, own } from '../json.js';

/** @typedef {import('../detect/datalayer.js').Lines} Lines */

/** What Universal Analytics calls a list of products, in the words of GA4. */
const FORMER = {
  detail: 'view_item',
  add: 'add_to_cart',
  remove: 'remove_from_cart',
  checkout: 'begin_checkout',
  purchase: 'purchase',
};

/**
 * One push, whichever form: an object, gtag's `arguments`, fields flat beside `event`, or that of
 * Universal Analytics, which many shops still print.
 * @param {any} pushed
 * @returns {{event: string, products: any[], lines: Lines} | undefined}
 */
export function readEntry(pushed) {
  const gtag = own(pushed, '0') === 'event';
  const data = (gtag ? own(pushed, '2') : (own(pushed, 'ecommerce') ?? pushed)) ?? null;
  const former = Object.keys(FORMER).find((key) => at(`${key}.products`, data));
  const event = former ? own(FORMER, former) : own(pushed, gtag ? '1' : 'event');
  const items = list(own(data, 'items') ?? at(`${former}.products`, data));
  // GA4 clears the last object with `ecommerce: null`: without items there is nothing to say.
  if (!items[0] && event !== 'purchase') return;
  /** @type {any[]} */
  const products = [];
  /** @type {Lines} */
  const lines = [];
  for (const item of items) {
    const sku = first(item, 'item_id id sku');
    if (!sku) continue;
    const currency = first(item, 'currency') ?? first(data, 'currency currencyCode');
    const offers = { price: own(item, 'price'), priceCurrency: currency };
    products.push({ productID: sku, offers });
    lines.push({ sku, qty: Math.round(own(item, 'quantity')) || 1 });
  }
  return { event, products, lines };
}

/**
 * The cart after one more entry; nothing where the entry is not about the cart.
 * @param {Lines} cart
 * @param {{event: string, lines: Lines}} entry
 * @returns {Lines | undefined}
 */
export function cartAfter(cart, { event, lines }) {
  if (/^(view_cart|begin_checkout)$/.test(event)) return lines;
  if (event === 'purchase') return [];
  if (!/^(add_to|remove_from)_cart$/.test(event)) return;
  const after = new Map(cart.map(({ sku, qty }) => [sku, qty]));
  for (const { sku, qty } of lines) {
    after.set(sku, (after.get(sku) ?? 0) + (event[0] === 'a' ? qty : -qty));
  }
  return [...after].filter(([, qty]) => qty > 0).map(([sku, qty]) => ({ sku, qty }));
}

/**
 * @param {any} pushed
 * @param {Lines} cart as it was before
 * @returns {{products?: any[], lines?: Lines}} the product that is viewed, and the cart, where the entry
 *   tells of them
 */
export function readLayer(pushed, cart) {
  const read = readEntry(pushed);
  return {
    products: read?.event === 'view_item' ? read.products : undefined,
    lines: read && cartAfter(cart, read),
  };
}
