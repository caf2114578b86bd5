/** Kind of the page, and detection of navigation without a page load. */

import { watchNodes } from './dom.js';
import { later, listen } from './guard.js';
import { at } from './json.js';

/**
 * Looked for, in this order, in the platform's word for the page, the body's classes and the path:
 * whole classes, and whole segments of the path in many languages.
 * @type {[string, RegExp][]}
 */
const KINDS = [
  ['payment', /\/(payment|zahlung|paiement|pago)(?![\w-])/],
  [
    'cart',
    /(^|woocommerce-)cart |checkout-cart|\/(cart|basket|warenkorb|panier|carrito|carrello|koszyk)(?![\w-])/,
  ],
  ['checkout', /(woocommerce-|\/)(checkouts?|kasse|commande)(?![\w-])|checkout-index/],
  ['product', /^product |single-product /],
  ['category', /^collection |tax-product|\/collections\//],
  ['search', /^search|[?&][qs]=/],
  ['home', / \/([a-z]{2}\/?)?(\?|$)/],
];

/**
 * @param {string} where the platform's word, the body's classes, the path and its query
 * @param {boolean} product whether one was found: it outweighs what stands before the path's end
 * @returns {string}
 */
export function kindOf(where, product) {
  const read = product ? where.replace(/\/[^?]*(\/[^/?])/, '$1') : where;
  const kind = KINDS.find(([, pattern]) => pattern.test(read))?.[0] ?? 'other';
  return product && !/pay|cart|out/.test(kind) ? 'product' : kind;
}

/** @param {boolean} product */
export const pageKind = (product) =>
  kindOf(
    [
      at('ShopifyAnalytics.meta.page.pageType'),
      document.body?.className,
      location.pathname + location.search,
    ].join(' '),
    product,
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
