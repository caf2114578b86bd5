/** Keeps asking all sources what this page sells and what is in the cart. */

import { later, listen, note } from '../guard.js';
import { own, parse, stringify } from '../json.js';
import { absolute, pathOf } from '../link.js';
import { cartAfter, followDataLayer, readEntry } from './datalayer.js';
import { readJsonLd } from './jsonld.js';
import { followMagento } from './magento.js';
import { readForms, readMicrodata, readOpenGraph, readShopifyMeta } from './markup.js';
import { merge } from './merge.js';
import { decimal, text } from './product.js';
import { followShopify, readAjaxCart, shopifyCartUrl } from './shopify.js';
import { followWooCommerce, readStoreCart, storeCartUrl } from './woocommerce.js';

/** Changes come in bursts. */
const SETTLE_MS = 300;
const LD = 'script[type="application/ld+json"]';

/** @typedef {import('./product.js').Product} Product */
/** @typedef {{sku: string, qty: number}[]} Lines */

/**
 * Whether an address that a product gives for itself is this page's.
 * Hosts and language folders differ between what is printed and what is open; the last part does not.
 * @param {Product} product
 * @param {string[]} here
 */
function isHere({ url }, here) {
  if (!url || !/[/#?]/.test(url)) return true;
  const last = (/** @type {string} */ path) => path.split('/').pop();
  const path = pathOf(url);
  return !path || here.some((address) => last(pathOf(address)) === last(path));
}

/**
 * @param {(verdict: import('./merge.js').Verdict) => void} found
 * @param {(lines: Lines, source: string) => void} cart
 * @param {(entry: any) => void} pushed each entry of the data layer, for those who look for consent
 */
export function watchPage(found, cart, pushed) {
  /** @type {Product | null} */
  let called = null;
  /** @type {Product | null} */
  let shown = null;
  /** @type {Product[]} */
  let layered = [];
  /** @type {Lines} */
  let layerCart = [];
  /** Which source of the cart is the best so far: a worse one is not believed any more. */
  let cartRank = 9;
  let timer = 0;
  /** What the last page printed, so that leftovers are not taken for the new page's. */
  let [printed, leftover] = ['', ''];

  /** @type {(rank: number, source: string) => (lines: Lines) => void} */
  const cartFrom = (rank, source) => (lines) => {
    if (rank > cartRank) return;
    cartRank = rank;
    cart(lines.slice(0, 200), source);
  };

  /** @param {string} url @param {(cart: any) => Lines | null} read @param {(lines: Lines) => void} take */
  const fetchCart = (url, read, take) => {
    const options = /** @type {any} */ ({
      __proto__: null,
      headers: { __proto__: null, Accept: 'application/json' },
    });
    fetch(absolute(url), options)
      .then((answer) => (answer.ok ? answer.text() : 'null'))
      .then((body) => {
        const lines = read(parse(body));
        if (lines) take(lines);
      })
      .catch(note);
  };

  let cartTimer = 0;
  const askCart = () => {
    clearTimeout(cartTimer);
    cartTimer = later(SETTLE_MS, () => {
      if (storeCartUrl()) fetchCart(storeCartUrl(), readStoreCart, cartFrom(2, 'woocommerce'));
      else if (shopifyCartUrl()) fetchCart(shopifyCartUrl(), readAjaxCart, cartFrom(2, 'shopify'));
    });
  };

  const followLayer = followDataLayer((entry) => {
    pushed(entry);
    const read = readEntry(entry);
    if (!read) return;
    if (read.event === 'view_item' && read.products.length) {
      layered = read.products;
      soon();
    }
    const lines = cartAfter(layerCart, read);
    if (!lines) return;
    layerCart = lines;
    cartFrom(4, 'dataLayer')(lines);
  });
  const followClassic = followWooCommerce(askCart, () => soon());

  const look = () => {
    clearTimeout(timer);
    followLayer();
    followClassic();
    const canonical = document.querySelector('link[rel=canonical]')?.getAttribute('href');
    const here = [location.href, ...(canonical ? [absolute(canonical)] : [])];
    const scripts = [...document.querySelectorAll(LD)].map((node) => node.textContent ?? '');
    const meta = own(own(window, 'ShopifyAnalytics'), 'meta');
    const variant = /** @type {HTMLInputElement | null} */ (
      document.querySelector('form[action*="/cart/add"] [name=id]')
    )?.value;
    const sources = /** @type {[string, () => Product[]][]} */ ([
      ['call', () => (called ? [called] : [])],
      ['shopify', () => (shown ? [shown] : [])],
      ['form', () => readForms(document)],
      ['json-ld', () => readJsonLd(scripts, location.href)],
      ['dataLayer', () => layered],
      ['microdata', () => readMicrodata(document, location.href)],
      ['opengraph', () => readOpenGraph(document)],
      ['shopify-meta', () => readShopifyMeta(meta, location.href, variant)],
    ]);
    printed = stringify(scripts);
    const read = sources.map(([source, products]) => {
      try {
        const stale = source === 'json-ld' && printed === leftover;
        return { source, products: products().filter((one) => !stale && isHere(one, here)) };
      } catch (error) {
        note(error);
        return { source, products: [] };
      }
    });
    found(merge(read.map(({ source, products }) => ({ source, products: products.filter(told) }))));
  };

  /** @param {Product} product something to recognise it by, or at least a price */
  const told = (product) => !!(product.sku || product.id || product.price);

  const soon = () => {
    clearTimeout(timer);
    timer = later(SETTLE_MS, look);
  };

  followShopify(
    (product) => {
      shown = product;
      soon();
    },
    cartFrom(1, 'shopify'),
  );
  followMagento(cartFrom(3, 'magento'));
  listen(document, 'change', ({ target }) => {
    // A variant picker changes a hidden field, the address, or both.
    if (target?.closest?.('form')) soon();
  });
  new MutationObserver((changes) => {
    const touched = changes.some(({ target, addedNodes }) =>
      [target, ...addedNodes].some((node) => node instanceof HTMLScriptElement && node.matches(LD)),
    );
    if (touched) soon();
  }).observe(document, /** @type {any} */ ({ __proto__: null, childList: true, subtree: true }));

  return {
    look,
    /** The page became another one: what was said about the last one is void. */
    moved() {
      called = shown = null;
      layered = [];
      leftover = printed;
      soon();
    },
    /** Asks the platform for the cart, once: events tell the rest. */
    askCart,
    /** @param {any} view the shop's own words: `{sku, price, currency}`, price in minor units or a decimal */
    view(view) {
      called = {
        sku: text(own(view, 'sku')),
        id: text(own(view, 'id')),
        currency: text(own(view, 'currency')),
        price: decimal(text(own(view, 'price'))),
      };
      look();
    },
    /** @param {any} lines */
    cart(lines) {
      const read = (Array.isArray(lines) ? lines : (own(lines, 'lines') ?? [])).flatMap(
        (/** @type {any} */ line) => {
          const sku = text(own(line, 'sku'));
          const qty = Math.round(Number(own(line, 'qty') ?? 1));
          return sku && qty > 0 ? [{ sku, qty }] : [];
        },
      );
      cartFrom(0, 'call')(read);
    },
  };
}
