/** What the page's own elements say, microdata and OpenGraph, and what its `dataLayer` says. */

import { text } from '../detect/product.js';

export { cartAfter, readEntry } from './ecommerce.js';

import { bare } from '../guard.js';

const OFFER = '[itemtype*=Offer]';
const SCOPE = '[itemscope][itemtype*="schema.org/Product"]';

/** @param {Document} doc @returns {any[]} */
export function readMicrodata(doc) {
  // Products that belong to another one, and rows of a list, are not what the page is about.
  const main = `${SCOPE}:not([itemprop],${SCOPE} *,[itemtype*=ItemList] *)`;
  return [...doc.querySelectorAll(main)].map((product) => {
    /** @type {Map<Element | null | undefined, any>} what is said of the product, and of each offer */
    const said = new Map([[product, bare({})]]);
    for (const node of product.querySelectorAll('[itemprop]')) {
      const get = (/** @type {string} */ name) => node.getAttribute(name);
      const holder = node.parentElement?.closest('[itemscope]');
      // Ratings, brands and related products have a scope of their own; offers belong to us.
      if (holder !== product && !holder?.matches(OFFER)) continue;
      const about = said.get(holder) ?? bare({});
      said.set(holder, about);
      for (const name of get('itemprop')?.split(' ') ?? []) {
        about[name] ??= get('content') ?? get('href') ?? text(node.textContent);
      }
    }
    const [own, ...offers] = said.values();
    return { ...own, offers: offers[0] ? offers : [own] };
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
