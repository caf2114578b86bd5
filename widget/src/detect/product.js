/** One product as a page describes it, whichever way it does. */

import { minor } from '../format.js';
import { own, stringify } from '../json.js';
import { fields, pathOf } from '../link.js';

/**
 * @typedef {object} Product
 * @property {string} [sku] the shop's own stock-keeping unit
 * @property {string} [id] any other identifier: the server knows the aliases
 * @property {string} [price] a decimal, as digits with a point
 * @property {string} [currency]
 * @property {string} [availability]
 * @property {string} [url]
 */

/** @param {any} value @returns {string | undefined} */
export const text = (value) => {
  const plain = /number|string/.test(typeof value) ? `${value}`.trim() : '';
  return plain && plain.length < 129 ? plain : undefined;
};

/** @param {any} object @param {string} names the first that is there @returns {string | undefined} */
export const first = (object, names) =>
  names
    .split(' ')
    .map((name) => text(own(object, name)))
    .find(Boolean);

/**
 * A decimal number out of what pages call a price: 29.99, "1.299,00 €", "1,299.00", "18,5".
 * @param {any} value
 * @returns {string | undefined}
 */
export function decimal(value) {
  const digits = text(value)?.replace(/[^\d.,]/g, '');
  if (!digits) return;
  const parts = digits.split(/[.,]/);
  const tail = /** @type {string} */ (parts.pop());
  // Three digits after a comma, or after a second mark, are thousands.
  const whole = !parts[0] || (tail.length === 3 && (parts[1] || /,/.test(digits)));
  return whole ? parts.join('') + tail : `${parts.join('')}.${tail}`;
}

/** @param {any} value @returns {any[]} */
export const list = (value) => [value ?? []].flat();

/**
 * @param {any} node a Product in the words of schema.org: every source speaks them
 * @returns {Product}
 */
export function read(node) {
  const [offer] = list(node.offers);
  // WooCommerce lists a former price beside the one to pay, marked with a `priceType`.
  const paid =
    list(own(offer, 'priceSpecification')).find((one) => one.price && !one.priceType) ?? offer;
  const low = first(paid, 'price lowPrice');
  // A range names no price.
  const range = first(offer, 'highPrice') ?? low;
  return {
    sku: first(node, 'sku') ?? first(offer, 'sku'),
    id: first(node, 'productID gtin13 gtin productGroupID'),
    price: decimal(low) === decimal(range) ? decimal(low) : undefined,
    currency: (first(paid, 'priceCurrency') ?? first(offer, 'priceCurrency'))?.toUpperCase(),
    // "https://schema.org/InStock", "in stock"
    availability: first(offer, 'availability')
      ?.replace(/.*[/:#]|[\s_-]/g, '')
      .toLowerCase(),
    url: first(offer, 'url') ?? first(node, 'url @id'),
  };
}

/**
 * @param {string} [price] @param {string} [currency]
 * @returns {{amount: number, currency: string} | undefined} minor units; only ever a hint
 */
export function hint(price, currency = '') {
  if (!price || !/^[A-Z]{3}$/.test(currency)) return;
  return { amount: Math.round(Number(price) * minor(currency)), currency };
}

/**
 * @param {Product[]} products
 * @param {string} page
 * @returns {Product[]} the one of this page where the addresses tell, else all
 */
export function ofPage(products, page) {
  const distinct = [...new Map(products.map((one) => [stringify(one), one])).values()];
  const there = fields(page);
  const near = distinct.filter(({ url }) => url && pathOf(url) === pathOf(page));
  // `?variant=2` names one.
  const exact = near.filter(({ url = '' }) => {
    const wanted = fields(url);
    return wanted[0] && wanted.every((field) => there.includes(field));
  });
  return [exact, near].find((some) => some[0]) ?? distinct;
}
