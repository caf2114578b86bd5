/** Keeps asking all sources what this page sells and what is in the cart. */

import { watchNodes } from '../dom.js';
import { minor } from '../format.js';
import { guard, later, listen, note } from '../guard.js';
import { at, stringify } from '../json.js';
import { absolute, pathOf, routeOf } from '../link.js';
import { part } from '../parts.js';
import { followDataLayer, isShopping } from './datalayer.js';
import { readJsonLd } from './jsonld.js';
import { merge } from './merge.js';
import { followPlatforms, readLines } from './platforms.js';
import { ofPage, read, readOffers, text } from './product.js';

/** Changes come in bursts, or never end: this long after the first one, all is read again. */
const SETTLE_MS = 300;
/** A part that has not been loaded by then is not waited for. */
const PART_MS = 2_000;
/** A part that comes late learns what was printed on so many paths. */
const PATHS = 5;
const LD = 'script[type*="ld+json"]';
/** Carts, the most trusted first: once one has spoken, a lesser one is not believed. */
const CARTS = 'call shopify woocommerce dataLayer';

/** @typedef {import('./datalayer.js').Lines} Lines */
/** @typedef {import('./product.js').Product} Product */
/**
 * @typedef {import('./merge.js').Verdict & {broken: string[], aside: string[]}} Found with what is
 *   wrong with scripts that cannot be read, and the addresses of products of other pages
 */

/**
 * @param {(verdict: Found) => void} found
 * @param {(lines: Lines, source: string) => void} heardCart
 * @param {(entry: any) => void} pushed each entry of the data layer, for those who look for consent
 * @param {() => boolean} may whether files may be loaded
 */
export function watchPage(found, heardCart, pushed, may) {
  /** @type {any[]} products in the words of schema.org: the shop's call, its event, the layer's */
  let [called, shown, layered] = [[], [], []];
  /** @type {Lines} */
  let layerCart = [];
  let cartRank = 99;
  let [timer, cartTimer] = [0, 0];
  /** What the page prints, and what the last one left behind: not to be taken for this one's. */
  let [printed, leftover] = [new Set(), new Set()];
  let path = pathOf(location.href);
  /** Paths with the records that were printed there; after a return they are current again. */
  const owned = new Set();
  /** @type {typeof import('../parts/markup.js') | undefined} on pages with such markup */
  let markup;
  /** @type {import('../parts/shops.js').Shops | undefined} on pages of a shop system */
  let shops;
  /** Parts that have been asked for, those of them that are waited for, and those with an answer. */
  const [asked, loading, answered] = [new Set(), new Set(), new Set()];
  /** @type {import('../parts/shops.js').Copies} what was printed for a part that is not there */
  const copies = new Map();
  let visit = 0;
  /** @type {[string, any][]} events that wait for the part which reads them */
  let unheard = [];
  /** @type {[path: string, entry: any][]} entries of the data layer that wait for it, too */
  const entries = [];

  /**
   * A part comes late: the shopper may have gone on, or not have consented yet. Until there is an
   * answer each reading of the page is kept for it: a copy, and the data of Shopify as JSON.
   * @type {(name: 'markup' | 'shops', needed: any, use: (module: any) => void) => void}
   */
  const once = (name, needed, use) => {
    if (!needed || answered.has(name)) return;
    copies.set(visit, [
      path,
      document.cloneNode(true),
      guard(stringify)(at('ShopifyAnalytics.meta')),
    ]);
    if (asked.has(name) || !may()) return;
    asked.add(name);
    loading.add(name);
    const done = () => {
      loading.delete(name);
      look();
    };
    part(name).then((module) => {
      answered.add(name);
      if (module) guard(use)(module);
      done();
    });
    later(PART_MS, done);
  };
  /** @param {Lines | undefined} lines @param {string} source */
  const cart = (lines, source) => {
    const rank = CARTS.indexOf(source);
    if (!lines || rank > cartRank) return;
    cartRank = rank;
    heardCart(lines, source);
  };
  const soon = () => {
    timer ||= later(SETTLE_MS, look);
  };
  const cartChanged = () => {
    clearTimeout(cartTimer);
    cartTimer = later(SETTLE_MS, () => shops?.askCart(cart).catch(note));
  };
  const followParts = () => {
    once(
      'markup',
      entries[0] || document.querySelector('[itemscope],[typeof],meta[property*="price:"]'),
      (module) => {
        markup = module;
        module.leave(copies, leftover, owned);
        readLayer();
      },
    );
    once(
      'shops',
      unheard[0] ||
        at('Shopify') ||
        at('ShopifyAnalytics') ||
        /woocommerce|single-product/.test(document.body.className),
      ({ createShops }) => {
        shops = createShops(chosen, cart, cartChanged, guard, note, copies);
        for (const event of unheard) shops?.hear(...event);
        unheard = [];
        cartChanged();
      },
    );
  };

  const readLayer = () => {
    for (const [page, entry] of markup ? entries.splice(0) : []) {
      const { products, lines } = /** @type {any} */ (markup).readLayer(entry, layerCart);
      if (products && page === path) layered = products;
      layerCart = lines ?? layerCart;
      cart(lines, 'dataLayer');
    }
  };
  const followLayer = followDataLayer((entry) => {
    pushed(entry);
    if (!isShopping(entry)) return;
    entries.push([path, entry]);
    readLayer();
    soon();
  });
  /** @param {any} [product] that the shop system named */
  const chosen = (product) => {
    if (!product) return;
    shown = [product];
    soon();
  };
  const followLater = followPlatforms((type, event) => {
    if (shops) return shops.hear(type, event);
    // Events of a shop that is not asked to load the part: the latest ones tell enough.
    unheard = [...unheard.slice(-9), [type, event]];
    followParts();
  });

  const look = () => {
    clearTimeout(timer);
    timer = 0;
    followLayer();
    followLater();
    followParts();
    const { href } = location;
    const last = (/** @type {string} */ address) => routeOf(address).replace(/.*\//, '');
    const here = [
      href,
      /** @type {any} */ (document.querySelector('link[rel=canonical]'))?.href ?? href,
    ].map(last);
    const scripts = [...document.querySelectorAll(LD)].map(({ textContent }) => textContent ?? '');
    printed = new Set();
    /** @type {string[][]} */
    const [broken, aside] = [[], []];
    /** @param {any[]} [nodes] printed @returns {any[]} those of this page */
    const current = (nodes = []) =>
      nodes.filter((node) => {
        const key = stringify(read(node));
        printed.add(key);
        return (!leftover.has(key) || owned.has(path + key)) && owned.add(path + key);
      });
    /** @param {Product} product */
    const elsewhere = ({ url, offerUrl = '' }) => {
      // An offer may lead to where it is paid.
      const address = url ?? (/pay|cart|check|buy/.test(offerUrl) ? '' : offerUrl);
      // Hosts and language folders differ between what is printed and what is open; the last part
      // of the path does not.
      if (!/[/#?]/.test(address) || !absolute(address) || here.includes(last(address))) return;
      return aside.push(address);
    };
    /** @type {[string, () => any[]][]} */
    const sources = [
      ['call', () => called],
      ['selection', () => current(shops?.selected())],
      ['event', () => shown],
      ['json-ld', () => current(readJsonLd(scripts, broken))],
      ['platform', () => current(shops?.listed())],
      ['dataLayer', () => layered],
      ['microdata', () => current(markup?.readMicrodata(document))],
      ['rdfa', () => current(markup?.readRdfa(document))],
      ['opengraph', () => current(markup?.readOpenGraph(document))],
    ];
    const verdict = merge(
      sources.map(([source, ask]) => {
        const products = (guard(ask)() ?? [])
          .flatMap((node) => readOffers(node, href))
          .filter((one) => (one.sku || one.id || one.price) && !elsewhere(one));
        return [source, ofPage(products, href)];
      }),
    );
    // What a part will say may contradict the rest. Only the shop's own call does not wait for it.
    if (!loading.size || called[0]) found({ ...verdict, broken, aside });
  };

  watchNodes(soon);
  // A chosen variant is the value of a field, which no observer sees.
  listen('change', soon);

  return {
    look,
    soon,
    /** The address changed: on another path, what was said about the last page is void. */
    moved() {
      const now = pathOf(location.href);
      if (now !== path) {
        called = shown = layered = [];
        leftover = printed;
        copies.delete(++visit - PATHS);
        // What was heard of a product is void, too; what was heard of the cart is not.
        unheard = unheard.filter(([type]) => /cart/.test(type));
      }
      path = now;
      soon();
    },
    /** @param {any} view a SKU, or `{sku, price: {amount, currency}}` */
    view(view) {
      const priceCurrency = text(at('price.currency', view));
      const price = priceCurrency && at('price.amount', view) / minor(priceCurrency);
      called = [{ sku: at('sku', view) ?? view, offers: { price, priceCurrency } }];
      look();
    },
    /** @param {any} lines */
    cart: (lines) => cart(readLines(lines), 'call'),
  };
}
