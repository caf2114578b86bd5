/** One product as a page describes it, whichever way it does. */

import { exponent } from '../format.js';
import { stringify } from '../json.js';
import { pathOf } from '../link.js';

/**
 * @typedef {object} Product
 * @property {string} [sku] the shop's own stock-keeping unit
 * @property {string} [id] any other identifier: the server knows the aliases
 * @property {string} [name]
 * @property {string} [price] a decimal, as digits with a point
 * @property {string} [currency]
 * @property {string} [availability]
 * @property {string} [url]
 *
 * @typedef {object} Found what one source says about this page
 * @property {string} source
 * @property {Product[]} products several only when the source cannot tell which one is meant
 */

/**
 * A decimal number out of what pages call a price: 29.99, "1.299,00 €", "1,299.00", "18,5".
 * @param {any} value
 * @returns {string | undefined}
 */
export function decimal(value) {
  const text = `${value ?? ''}`.replace(/[^\d.,]/g, '').replace(/[.,]+$/, '');
  if (!/\d/.test(text)) return;
  const cut = Math.max(text.lastIndexOf('.'), text.lastIndexOf(','));
  const tail = text.slice(cut + 1);
  const alone = text.split(/[.,]/).length === 2;
  // "1,299" and "1.299.000" group thousands; "29.990" written with a point is a decimal.
  const groups = cut < 0 || (tail.length === 3 && (!alone || text[cut] === ','));
  if (groups) return text.replace(/[.,]/g, '');
  return `${text.slice(0, cut).replace(/[.,]/g, '') || '0'}.${tail}`;
}

/**
 * @param {Product} product
 * @returns {{amount: number, currency: string} | undefined} minor units; only ever a hint
 */
export function hint({ price, currency }) {
  if (!price || !/^[A-Z]{3}$/.test(currency ?? '')) return;
  const code = /** @type {string} */ (currency);
  const amount = Math.round(Number(price) * 10 ** exponent(code));
  return Number.isSafeInteger(amount) ? { amount, currency: code } : undefined;
}

const STATES =
  /(InStock|OutOfStock|BackOrder|PreOrder|LimitedAvailability|SoldOut|Discontinued|InStoreOnly|OnlineOnly|PreSale)$/i;

/**
 * @param {any} value an address, a name or a phrase: "https://schema.org/InStock", "in stock"
 * @returns {string | undefined}
 */
export function availability(value) {
  const found = STATES.exec(`${value ?? ''}`.replace(/[\s_-]/g, ''));
  return found?.[1];
}

/** @param {any} value */
export const text = (value) => {
  const plain = typeof value === 'number' || typeof value === 'string' ? `${value}`.trim() : '';
  return plain && plain.length <= 128 ? plain : undefined;
};

/**
 * @param {Product[]} products
 * @param {string} page
 * @returns {Product[]} the one of this page where the addresses tell, else all
 */
export function ofPage(products, page) {
  const distinct = [...new Map(products.map((product) => [stringify(product), product])).values()];
  if (distinct.length < 2) return distinct;
  const exact = distinct.filter(({ url }) => url && sameQuery(url, page));
  const near = exact.length
    ? exact
    : distinct.filter(({ url }) => url && pathOf(url) === pathOf(page));
  return near.length ? near : distinct;
}

/**
 * Whether each query field of a product's address is in the page's too: `?variant=2` names one.
 * @param {string} url
 * @param {string} page
 */
function sameQuery(url, page) {
  const fields = url.split('#')[0].split('?')[1]?.split('&') ?? [];
  const there = page.split('#')[0].split('?')[1]?.split('&') ?? [];
  return (
    pathOf(url) === pathOf(page) && fields.length > 0 && fields.every((f) => there.includes(f))
  );
}
