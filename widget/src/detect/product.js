/** One product as a page describes it, whichever way it does. */

import { minor } from '../format.js';
import { own } from '../json.js';
import { absolute, fields, routeOf } from '../link.js';

/**
 * @typedef {object} Product
 * @property {string} [sku] the shop's own stock-keeping unit
 * @property {string} [id] any other identifier: the server knows the aliases
 * @property {string} [price] a decimal, as digits with a point
 * @property {string} [currency]
 * @property {string} [availability]
 * @property {string} [url] the product's own address
 * @property {string} [offerUrl] the offer's, which may be that of a payment page
 * @property {string} [name] its `@id`: a name, even where it looks like an address
 * @property {string} [title]
 */

const IDS = 'productID gtin13 gtin gtin14 gtin12 gtin8 isbn mpn productGroupID';

/** @param {any} value @returns {string | undefined} */
export const text = (value) => {
  const plain = /number|string/.test(typeof value) ? `${value}`.trim() : '';
  return plain && plain.length < 129 ? plain : undefined;
};

/** @param {any} object @param {string} names the first that is there @returns {string | undefined} */
export const first = (object, names) =>
  names
    .split(' ')
    .map((name) => text(list(own(object, name))[0]))
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

/**
 * @param {any} node
 * @returns {string | undefined} its identifier, without what schema.org puts in front: `sku:`
 */
const ident = (node) =>
  (first(node, IDS) ?? text(list(own(node, 'identifier'))[0]?.value))?.replace(/^(sku|mpn):/i, '');

/** @param {any} value @returns {any[]} */
export const list = (value) => [value ?? []].flat(9);

/**
 * @param {any} node
 * @returns {any[]} its offers, also those inside of an AggregateOffer, each with what it says of its item
 */
const offersOf = (node) =>
  list(own(node, 'offers'))
    .flatMap((offer) => own(offer, 'offers') ?? offer)
    .map((offer) => ({ ...list(own(offer, 'itemOffered'))[0], ...offer }));

/**
 * @param {any} node a Product in the words of schema.org: every source speaks them
 * @returns {Product} with the first of its offers
 */
export function read(node) {
  const [offer] = offersOf(node);
  // Beside the price to pay there may be a former one, marked with a `priceType`, and one for members.
  const paid =
    list(own(offer, 'priceSpecification')).find(
      (one) => one.price && !one.validForMemberTier && /^undefined|SaleP/.test(one.priceType),
    ) ?? offer;
  const low = first(paid, 'price lowPrice');
  // A range names no price.
  const range = first(offer, 'highPrice') ?? low;
  return {
    sku: first(node, 'sku') ?? first(offer, 'sku'),
    id: ident(node) ?? ident(offer),
    price: decimal(low) === decimal(range) ? decimal(low) : undefined,
    currency: (first(paid, 'priceCurrency') ?? first(offer, 'priceCurrency'))?.toUpperCase(),
    // "https://schema.org/InStock", "in stock"
    availability: first(offer, 'availability')
      ?.replace(/.*[/:#]|[\s_-]/g, '')
      .toLowerCase(),
    url: first(node, 'url'),
    offerUrl: first(offer, 'url'),
    name: first(node, '@id'),
    title: first(node, 'name'),
  };
}

/**
 * @param {any} node a Product that may list one offer for each variant
 * @param {string} page
 * @returns {Product[]} with the offer whose address is open; without one, the product itself with
 *   what all its offers agree on; where it has no name of its own, each variant
 */
export function readOffers(node, page) {
  const offers = offersOf(node);
  if (!offers[1]) return [read(node)];
  const { '@id': name, url } = node;
  const each = offers.map((offer) =>
    read({ ...node, ...offer, '@id': name, url, offers: [offer] }),
  );
  const open = each.filter((one) => isOpen(one, page));
  const some = open[0] ? open : each;
  const product = read({ ...node, offers: [] });
  for (const field of /** @type {(keyof Product)[]} */ (Object.keys(product))) {
    const value = some[0][field];
    if (some.every((one) => one[field] === value)) product[field] = value;
  }
  return product.sku || product.id ? [product] : each;
}

/**
 * @param {string} [price] @param {string} [currency]
 * @returns {{amount: number, currency: string} | undefined} minor units; only ever a hint
 */
export function hint(price, currency = '') {
  // Three digits behind the only mark may be thousands: 1.299. So many decimals have few currencies.
  if (!price || !/^[A-Z]{3}$/.test(currency) || (/\.\d{3}$/.test(price) && minor(currency) < 1e3))
    return;
  return { amount: Math.round(+price * minor(currency)), currency };
}

/** @param {Product} one @param {string} page @returns {boolean} whether `?variant=2` names it */
const isOpen = ({ url, offerUrl, name }, page) =>
  [url, offerUrl, name].some((address = '') => {
    // What is printed need not be encoded as the page's address is.
    const wanted = fields(address && absolute(address));
    return (
      wanted[0] &&
      routeOf(address) === routeOf(page) &&
      wanted.every((field) => fields(page).includes(field))
    );
  });

/** @param {Product} a @param {Product} b */
const isSame = (a, b) =>
  a.sku && b.sku ? a.sku === b.sku : a.id && b.id ? a.id === b.id : a.title && a.title === b.title;

/**
 * A theme, a shop system and a plugin may each print a part of one product.
 * @param {Product[]} products
 * @returns {Product[][]} what is said of each product, the first record first
 */
export function unite(products) {
  /** @type {Product[][]} */
  const groups = [];
  for (const one of products) {
    const group = groups.find((records) => records.some((other) => isSame(one, other)));
    if (group) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

/**
 * @param {Product[]} products
 * @param {string} page
 * @returns {Product[]} all that is said of the one with an address, and of these the
 *   open variant, where the addresses tell; else all
 */
export function ofPage(products, page) {
  const groups = unite(products);
  const exact = groups.filter((records) => records.some((one) => isOpen(one, page)));
  const near = groups.filter((records) => records.some(({ url, offerUrl }) => url ?? offerUrl));
  return ([exact, near].find((some) => some[0]) ?? groups).flat();
}
