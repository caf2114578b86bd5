/** Google's `dataLayer`: what was pushed before us, and what will be, in every dialect. */

import { guard } from '../guard.js';
import { own } from '../json.js';
import { first } from './product.js';

/** @typedef {{sku: string, qty: number}[]} Lines */

/**
 * One push, whichever form: an object, gtag's `arguments`, or fields flat beside `event`.
 * @param {any} pushed
 * @returns {{event: string, products: any[], lines: Lines} | undefined}
 */
export function readEntry(pushed) {
  const gtag = own(pushed, '0') === 'event';
  const event = own(pushed, gtag ? '1' : 'event');
  const data = gtag ? own(pushed, '2') : (own(pushed, 'ecommerce') ?? pushed);
  const items = own(data, 'items') ?? [];
  // GA4 clears the last object with `ecommerce: null`: without items there is nothing to say.
  if (!items[0] && event !== 'purchase') return;
  /** @type {any[]} */
  const products = [];
  /** @type {Lines} */
  const lines = [];
  for (const item of items) {
    const sku = first(item, 'item_id id sku');
    if (!sku) continue;
    const currency = first(item, 'currency') ?? first(data, 'currency');
    const offers = { price: own(item, 'price'), priceCurrency: currency };
    products.push({ productID: sku, offers });
    lines.push({ sku, qty: Math.round(own(item, 'quantity')) || 1 });
  }
  return { event, products, lines };
}

/**
 * Follows `window.dataLayer`: replays what is there, then hears every push.
 * The page's own `push` keeps its result and its errors.
 * @param {(pushed: any) => void} heard
 * @returns {() => void} to be called again later: many pages make the layer after us
 */
export function followDataLayer(heard) {
  /** @type {any} */
  let followed;
  const safe = guard(heard);
  return () => {
    const layer = own(window, 'dataLayer');
    if (!Array.isArray(layer) || layer === followed) return;
    followed = layer;
    for (const entry of [...layer]) safe(entry);
    const { push } = layer;
    layer.push = function (...entries) {
      const result = push.apply(this, entries);
      for (const entry of entries) safe(entry);
      return result;
    };
  };
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
