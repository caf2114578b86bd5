/** Kind of the page, and detection of navigation without a page load. */

import { watchNodes } from './dom.js';
import { later, listen } from './guard.js';
import { at, own } from './json.js';

/** The end of a segment of a path, or of the name of a file. */
const END = '(?![\\w-])';

/**
 * Looked for, in this order, in the platform's word for the page, the body's classes and the path:
 * whole classes, and whole segments of the path. `parts/words.js` has more of them.
 * @type {[kind: string, pattern: string][]}
 */
const KINDS = [
  ['payment', `/(payment|zahlung|paiement|pago)${END}|woocommerce-order-pay `],
  [
    'cart',
    `(^|woocommerce-|template-)cart |checkout-cart|/(cart|basket|warenkorb|panier|carrito|carrello|koszyk)${END}`,
  ],
  [
    'checkout',
    `(woocommerce-|/)(checkouts?(_\\w+)?|order|kasse|commande)${END}|checkout-(index|checkout)`,
  ],
  ['product', '^product |single-product '],
  ['category', '^collection |tax-product|/collections/'],
  ['search', '^search|[?&][qs]='],
  ['home', ' /([a-z]{2}/?)?(\\?|$)'],
];

/**
 * @param {string} where the platform's word, the body's classes, the path and its query
 * @param {boolean} product whether one was found: it outweighs what stands before the path's end
 * @param {Record<string, string>} [more] further patterns, by kind
 * @returns {string}
 */
export function kindOf(where, product, more) {
  const read = product ? where.replace(/\/[^?]*(\/[^/?])/, '$1') : where;
  const kind =
    KINDS.find(([name, pattern]) =>
      RegExp([pattern, own(more, name) ?? pattern].join('|'), 'i').test(read),
    )?.[0] ?? 'other';
  return product && !/pay|cart|out/.test(kind) ? 'product' : kind;
}

/** @param {boolean} product @param {Record<string, string>} [more] */
export const pageKind = (product, more) =>
  kindOf(
    [
      at('ShopifyAnalytics.meta.page.pageType'),
      document.body?.className,
      location.pathname + location.search,
    ].join(' '),
    product,
    more,
  );

/** @param {() => void} moved called when the address may have changed */
export function onNavigation(moved) {
  const soon = () => later(0, moved);
  listen('popstate hashchange turbo:load turbolinks:load astro:page-load', soon);
  const { navigation } = /** @type {any} */ (window);
  if (navigation) navigation.addEventListener('currententrychange', soon);
  // Older browsers do not tell; but a page at a new address changes. The history stays the shop's.
  else watchNodes(moved);
}
