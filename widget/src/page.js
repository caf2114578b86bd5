/** What kind of page this is, and when it becomes another one without loading. */

import { later, listen } from './guard.js';
import { own } from './json.js';
import { query } from './link.js';

/** Words in addresses, in the languages of the string tables; the first match wins. */
const WORDS = /** @type {[string, RegExp][]} */ ([
  ['payment', /payment|zahlung|paiement|\bpago|platnosc/],
  ['checkout', /checkout|kasse|commande|finalizar|zamowienie/],
  ['cart', /cart|basket|bag|warenkorb|panier|carrito|cesta|koszyk/],
  ['cancel', /cancel|unsubscribe|kuendig|kundig|resili|return|retoure|retour|devolucion|zwrot/],
  ['account', /account|konto|compte|cuenta|login|signin|mein-/],
  ['search', /search|suche|recherche|buscar|szukaj/],
]);

/** Shopify's and WooCommerce's own names for their pages. */
const PLATFORM = /** @type {any} */ ({
  __proto__: null,
  index: 'home',
  home: 'home',
  product: 'product',
  'single-product': 'product',
  collection: 'category',
  'tax-product_cat': 'category',
  'post-type-archive-product': 'category',
  cart: 'cart',
  'woocommerce-cart': 'cart',
  'woocommerce-checkout': 'checkout',
  'woocommerce-account': 'account',
  'catalog-product-view': 'product',
  'catalog-category-view': 'category',
  'checkout-cart-index': 'cart',
  'checkout-index-index': 'checkout',
  searchresults: 'search',
  'customers/account': 'account',
});

/**
 * @param {string} path the address's path
 * @param {string} search its query
 * @param {string[]} names the platform's own words for the page
 * @param {boolean} product whether one was found
 * @returns {string}
 */
export function kindOf(path, search, names, product) {
  const named = names.map((name) => PLATFORM[name]).find(Boolean);
  if (named) return named;
  if (product) return 'product';
  if (path === '/' || /^\/(index\.\w+|[a-z]{2}(-[a-z]{2})?\/?)$/i.test(path)) {
    return query(`?${search}`).some(([key]) => key === 's' || key === 'q') ? 'search' : 'home';
  }
  const word = WORDS.find(([, pattern]) => pattern.test(path.toLowerCase()));
  if (word) return word[0];
  if (/[?&](q|s|query|search)=/.test(search)) return 'search';
  return /(categor|collection|kategori)/i.test(path) ? 'category' : 'other';
}

/** @param {boolean} product */
export function pageKind(product) {
  const shopify = own(own(own(window, 'ShopifyAnalytics'), 'meta'), 'page');
  const names = [`${own(shopify, 'pageType') ?? ''}`, ...(document.body?.classList ?? [])];
  return kindOf(location.pathname, location.search, names, product);
}

/** @param {() => void} moved called when the address may have changed */
export function onNavigation(moved) {
  const soon = () => later(0, moved);
  listen(window, 'popstate hashchange pageshow', soon);
  listen(document, 'turbo:load turbolinks:load astro:page-load shopify:section:load', soon);
  if (own(window, 'navigation')?.addEventListener) {
    listen(/** @type {any} */ (window).navigation, 'currententrychange', soon);
    return;
  }
  for (const name of /** @type {const} */ (['pushState', 'replaceState'])) {
    const before = history[name];
    history[name] = function (...args) {
      const result = before.apply(this, args);
      soon();
      return result;
    };
  }
}
