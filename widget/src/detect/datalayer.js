/** Google's `dataLayer`: what was pushed before us, and what will be, in every dialect. */

import { guard } from '../guard.js';
import { own } from '../json.js';
import { decimal, text } from './product.js';

/**
 * @typedef {object} Entry
 * @property {string} event
 * @property {string} [currency]
 * @property {import('./product.js').Product[]} products
 * @property {{sku: string, qty: number}[]} lines
 */

/** @param {any} item */
const idOf = (item) =>
  text(own(item, 'item_id')) ??
  text(own(item, 'id')) ??
  text(own(item, 'item_sku')) ??
  text(own(item, 'sku'));

/** Universal Analytics, by the action's name in GA4. */
const LEGACY = /** @type {const} */ ([
  ['detail', 'view_item'],
  ['add', 'add_to_cart'],
  ['remove', 'remove_from_cart'],
  ['checkout', 'begin_checkout'],
  ['purchase', 'purchase'],
]);

/**
 * One push, whichever form: an object, gtag's `arguments`, fields flat beside `event`, legacy.
 * @param {any} pushed
 * @returns {Entry | null}
 */
export function readEntry(pushed) {
  if (!pushed || typeof pushed !== 'object') return null;
  const gtag = own(pushed, '0') === 'event' ? own(pushed, '2') : null;
  const event = gtag ? own(pushed, '1') : own(pushed, 'event');
  const data = gtag ?? own(pushed, 'ecommerce') ?? pushed;
  if (!data || typeof data !== 'object') return null;
  const legacy = LEGACY.find(([key]) => own(own(data, key), 'products'));
  const items = legacy ? own(own(data, legacy[0]), 'products') : own(data, 'items');
  // GA4 clears the last object with `ecommerce: null`; without items there is nothing to say.
  if (!Array.isArray(items) && event !== 'purchase') return null;
  const name = legacy?.[1] ?? event;
  if (typeof name !== 'string') return null;
  const currency = text(own(data, 'currency') ?? own(data, 'currencyCode'))?.toUpperCase();
  const real = (items ?? []).filter((/** @type {any} */ item) => idOf(item));
  return {
    event: name,
    currency,
    products: real.map((/** @type {any} */ item) => ({
      id: idOf(item),
      name: text(own(item, 'item_name') ?? own(item, 'name')),
      price: decimal(own(item, 'price')),
      currency: text(own(item, 'currency'))?.toUpperCase() ?? currency,
    })),
    lines: real.map((/** @type {any} */ item) => ({
      sku: idOf(item),
      qty: Math.max(1, Math.round(Number(own(item, 'quantity') ?? 1)) || 1),
    })),
  };
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
    layer.slice().forEach(safe);
    const push = layer.push;
    layer.push = function (...entries) {
      const result = push.apply(this, entries);
      entries.forEach(safe);
      return result;
    };
  };
}

/**
 * The cart after one more entry; `null` where it cannot be told.
 * @param {{sku: string, qty: number}[]} cart
 * @param {Entry} entry
 */
export function cartAfter(cart, { event, lines }) {
  if (event === 'view_cart' || event === 'begin_checkout') return lines;
  if (event === 'purchase') return [];
  const sign = event === 'add_to_cart' ? 1 : event === 'remove_from_cart' ? -1 : 0;
  if (!sign) return null;
  const after = new Map(cart.map(({ sku, qty }) => [sku, qty]));
  for (const { sku, qty } of lines) after.set(sku, (after.get(sku) ?? 0) + sign * qty);
  return [...after].filter(([, qty]) => qty > 0).map(([sku, qty]) => ({ sku, qty }));
}
