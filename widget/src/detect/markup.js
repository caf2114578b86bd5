/** What the page's own elements say: microdata, OpenGraph. */

import { bare } from '../guard.js';
import { text } from './product.js';

const SCOPE = '[itemscope][itemtype*="schema.org/Product"]';

/** @param {Document} doc @returns {any[]} */
export function readMicrodata(doc) {
  const related = `${SCOPE},[itemtype*=ItemList]`;
  return [...doc.querySelectorAll(`${SCOPE}:not([itemprop])`)]
    .filter((node) => !node.parentElement?.closest(related))
    .map((product) => {
      /** @type {any} */
      const said = bare({});
      for (const node of product.querySelectorAll('[itemprop]')) {
        const holder = node.parentElement?.closest('[itemscope]');
        // Ratings, brands and related products have a scope of their own; offers belong to us.
        if (holder !== product && !/Offer/.test(holder?.getAttribute('itemtype') ?? '')) continue;
        for (const name of node.getAttribute('itemprop')?.split(' ') ?? []) {
          said[name] ??=
            node.getAttribute('content') ?? node.getAttribute('href') ?? text(node.textContent);
        }
      }
      return { ...said, offers: said };
    });
}

/** @param {Document} doc @returns {any[]} */
export function readOpenGraph(doc) {
  // `product:` is Facebook's, `og:` Shopify's.
  const meta = (/** @type {string} */ name) =>
    doc
      .querySelector(`meta[property="product:${name}"],meta[property="og:${name}"]`)
      ?.getAttribute('content');
  const offers = {
    price: meta('price:amount'),
    priceCurrency: meta('price:currency'),
    availability: meta('availability'),
  };
  return offers.price ? [{ productID: meta('retailer_item_id'), offers }] : [];
}
