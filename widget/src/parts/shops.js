/** Products and carts of Shopify and WooCommerce, from their events, data and endpoints. */

import { first, list, text } from '../detect/product.js';
import { at, own, parse, stringify } from '../json.js';
import { pathOf } from '../link.js';

/** @typedef {import('../detect/datalayer.js').Lines} Lines */

/** @param {any} gid "gid://shopify/ProductVariant/123" */
const plain = (gid) => text(gid)?.replace(/.*\//, '');

/**
 * Carts of Shopify, in both of its forms, and of WooCommerce's Store API.
 * They hold names and addresses, too: those stay where they are.
 * @param {any} cart
 * @returns {Lines | undefined}
 */
export function readCart(cart) {
  const rows = [cart?.items, cart?.lines?.nodes, cart?.lines, cart].find(Array.isArray);
  return /** @type {any} */ (rows)
    ?.map((/** @type {any} */ row) => ({
      sku:
        first(row, 'sku') ??
        first(row.merchandise, 'sku') ??
        plain(row.merchandise?.id ?? row.variant_id ?? row.id),
      qty: Math.round(row.quantity ?? row.qty ?? 1),
    }))
    .filter((/** @type {any} */ { sku, qty }) => sku && qty > 0)
    .slice(0, 200);
}

/**
 * @typedef {Map<number, [path: string, copy: any, meta?: string]>} Copies of pages, the first one first,
 *   each with its `ShopifyAnalytics.meta` as JSON
 *
 * @typedef {object} Shops
 * @property {(type: string, event: any) => void} hear an event of the shop system
 * @property {(heard: (lines: Lines | undefined, source: string) => void) => Promise<void>} askCart
 * @property {() => any[]} selected the chosen variant, in the words of schema.org
 * @property {() => any[]} listed the product with all its variants
 */

/**
 * @param {any} event Shopify's `shopify:product:view` or `:select`
 * @returns {any} nothing for a row of a collection: that is not a look at a product
 */
export function readProductEvent({ context, product, selectedVariant: variant }) {
  if (/collection|search|recommendation/.test(context)) return;
  const { amount, currencyCode } = variant?.price ?? {};
  return {
    sku: variant?.sku,
    productID: plain(variant?.id ?? product?.id),
    offers: { price: amount, priceCurrency: currencyCode },
  };
}

/** @param {string} selector @returns {string | undefined} the value of a field of the page's form */
const fieldOf = (selector) =>
  /** @type {HTMLInputElement | null} */ (document.querySelector(selector))?.value;

/**
 * Shopify prints its product for its own statistics, with prices in hundredths of every currency.
 * @param {any} meta `ShopifyAnalytics.meta`
 * @param {string} path of the page
 * @returns {[id: string | undefined, offers: any[]]}
 */
export const readShopify = (meta, path) => [
  plain(own(own(meta, 'product'), 'id')),
  list(own(own(meta, 'product'), 'variants')).map(({ id, sku, price }) => ({
    sku,
    productID: `${id}`,
    url: `${path}?variant=${id}`,
    price: price / 100,
    priceCurrency: own(meta, 'currency'),
  })),
];

/**
 * WooCommerce prints the variations into the form that chooses one, unless there are too many.
 * @param {any} form
 * @returns {[id: string | undefined, offers: any[]]}
 */
export const readWoo = (form) => [
  form?.dataset.product_id,
  list(parse(form?.dataset.product_variations || '[]') || []).map(
    ({ variation_id, sku, display_price }) => ({
      sku,
      productID: `${variation_id}`,
      price: display_price,
    }),
  ),
];

/**
 * @param {[id: string | undefined, offers: any[]]} data
 * @param {string | undefined} chosen the id of a variant
 * @returns {any[]} the variant, where it is one of the product
 */
export const choose = ([, offers], chosen) => {
  const one = offers[1] ? offers.find(({ productID }) => productID === chosen) : offers[0];
  return one ? [{ sku: one.sku, productID: one.productID, offers: one }] : [];
};

/** @param {Document} page @returns {any} */
const formOf = (page) => page.querySelector('form.variations_form');

/** @param {any} form */
const textOf = (form) => form && `${form.dataset.product_id} ${form.dataset.product_variations}`;

/**
 * @param {(product: any) => void} product
 * @param {(lines: Lines | undefined, source: string) => void} cart
 * @param {() => void} cartChanged ask for it
 * @param {typeof import('../guard.js').guard} guard the one that notes faults for `doctor`
 * @param {typeof import('../guard.js').note} note
 * @param {Copies} copies
 * @returns {Shops}
 */
export function createShops(product, cart, cartChanged, guard, note, copies) {
  /** @type {[text?: string, path?: string][]} what each system printed last, and on which path */
  const printed = [[], []];
  /**
   * Data may outlive the page that printed it.
   * @param {number} system @param {string | undefined} text what it prints on a path
   * @returns {boolean} whether that is the path's own
   */
  const isOwn = (system, text, path = pathOf(location.href)) => {
    if (printed[system][0] !== text) printed[system] = [text, path];
    return printed[system][1] === path;
  };
  for (const [path, copy, meta] of copies.values()) {
    isOwn(0, meta, path);
    isOwn(1, textOf(formOf(copy)), path);
  }
  const data = () => {
    const shopify = at('ShopifyAnalytics.meta');
    const form = formOf(document);
    return /** @type {const} */ ([
      [
        readShopify(isOwn(0, stringify(shopify)) && shopify, pathOf(location.href)),
        'form[action*="cart/add"] [name=id]',
      ],
      [readWoo(isOwn(1, textOf(form)) ? form : undefined), '.variations_form [name=variation_id]'],
    ]);
  };
  return {
    hear(type, event) {
      if (/^shopify:product/.test(type)) product(readProductEvent(event));
      else if (type === 'found_variation') {
        const { sku, variation_id: productID, display_price: price } = event;
        product({ sku, productID, offers: { price } });
      } else if (/^shopify/.test(type)) {
        const take = guard((/** @type {any} */ answer) =>
          cart(answer && readCart(answer.cart), 'shopify'),
        );
        take(event);
        // The event comes before the shop's server has answered.
        event.promise?.then(take, note);
      } else cartChanged();
    },
    async askCart(heard) {
      // The address depends on the shopper's language.
      const root = at('Shopify.routes.root');
      const api = document.querySelector('link[rel*="api.w.org"]')?.getAttribute('href');
      const woo = api && /woocommerce/.test(document.body.className);
      if (!root && !woo) return;
      const answer = await fetch(root ? `${root}cart.js` : `${api}wc/store/v1/cart`);
      heard(readCart(parse(await answer.text())), root ? 'shopify' : 'woocommerce');
    },
    selected: () => data().flatMap(([found, field]) => choose(found, fieldOf(field))),
    listed: () =>
      data().flatMap(([[productID, offers]]) => (offers[1] ? [{ productID, offers }] : [])),
  };
}
