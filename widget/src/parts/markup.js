/** What the page's own elements say, microdata and OpenGraph, and what its `dataLayer` says. */

import { read, text } from '../detect/product.js';
import { stringify } from '../json.js';

export { readLayer } from './ecommerce.js';

import { bare } from '../guard.js';

const OFFER = '[itemtype*=Offer]';
const SCOPE = '[itemscope][itemtype*="schema.org/Product"]';

/** @param {Element | null | undefined} node */
const scopeOf = (node) => node?.parentElement?.closest('[itemscope]');

/** @param {Document} doc @returns {any[]} */
export function readMicrodata(doc) {
  // Products that belong to another one, and rows of a list, are not what the page is about.
  const main = `${SCOPE}:not([itemprop]:not([itemprop~=mainEntity]),${SCOPE} *,[itemtype*=ItemList] *)`;
  return [...doc.querySelectorAll(main)].map((product) => {
    /** @type {Map<Element | null | undefined, any>} what is said of the product, and of each offer */
    const said = new Map([[product, bare({})]]);
    for (const node of product.querySelectorAll('[itemprop]')) {
      const get = (/** @type {string} */ name) => node.getAttribute(name);
      const holder = scopeOf(node);
      // Ratings, brands and related products have a scope of their own; our offers belong to us.
      if (holder?.matches(OFFER) && said.has(scopeOf(holder)) && !said.has(holder)) {
        said.set(holder, bare({}));
      }
      const about = said.get(holder);
      // A thing with a scope of its own is no value.
      if (!about || node.matches('[itemscope]')) continue;
      for (const name of get('itemprop')?.split(/\s+/) ?? []) {
        about[name] ??= get('content') ?? get('href') ?? get('value') ?? text(node.textContent);
      }
    }
    const [own, ...offers] = said.values();
    const some = offers.filter((offer) => Object.keys(offer)[0]);
    return { ...own, offers: some[0] ? some : [own] };
  });
}

/** @param {Document} doc @returns {any[]} */
export function readOpenGraph(doc) {
  // `product:` is Facebook's, `og:` Shopify's.
  const meta = (/** @type {string} */ name) =>
    doc.querySelector(`meta[property$=":${name}"]`)?.getAttribute('content');
  const offers = {
    price: meta('price:amount'),
    priceCurrency: meta('price:currency'),
    availability: meta('availability'),
  };
  return offers.price ? [{ productID: meta('retailer_item_id'), offers }] : [];
}

/**
 * What a page printed belongs to its path alone, also if it was left before this part came.
 * @param {import('./shops.js').Copies} copies of pages; what a page has left behind is in those of later
 *   pages, too
 * @param {Set<string>} leftover records of an earlier page
 * @param {Set<string>} owned paths with their own records, which are current there
 */
export function leave(copies, leftover, owned) {
  for (const [path, copy] of copies.values()) {
    for (const node of [...readMicrodata(copy), ...readOpenGraph(copy)]) {
      const key = stringify(read(node));
      if (!leftover.has(key)) owned.add(path + key);
      leftover.add(key);
    }
  }
}
