/** What shop systems say by themselves: their events, and their carts. */

import { guard, listen, note } from '../guard.js';
import { at, parse } from '../json.js';
import { first, text } from './product.js';

/** @typedef {import('./datalayer.js').Lines} Lines */

/** WooCommerce's classic themes speak through jQuery only. */
const CLASSIC = 'added_to_cart removed_from_cart updated_cart_totals';

/** @param {any} gid "gid://shopify/ProductVariant/123" */
const plain = (gid) => text(gid)?.replace(/.*\//, '');

/**
 * Carts of Shopify (both of its forms), of WooCommerce's Store API, and the shop's own call.
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

/**
 * @param {(product: any) => void} product
 * @param {(lines: Lines | undefined, source: string) => void} cart
 * @param {() => void} cartChanged ask for it
 * @returns {() => void} to be called again once jQuery may be there
 */
export function followPlatforms(product, cart, cartChanged) {
  listen('shopify:product:view shopify:product:select', (event) =>
    product(readProductEvent(event)),
  );
  listen('shopify:cart:view shopify:cart:lines-update', (event) => {
    const take = guard((/** @type {any} */ answer) =>
      cart(answer && readCart(answer.cart), 'shopify'),
    );
    take(event);
    // The event comes before the shop's server has answered.
    event.promise?.then(take, note);
  });
  listen('wc-blocks_added_to_cart wc-blocks_removed_from_cart', cartChanged);
  let followed = false;
  return () => {
    const { jQuery } = /** @type {any} */ (window);
    if (followed || typeof jQuery !== 'function') return;
    followed = true;
    jQuery(document.body)
      .on(CLASSIC, guard(cartChanged))
      .on(
        'found_variation',
        guard((/** @type {any} */ _, /** @type {any} */ variation) =>
          product({
            sku: variation.sku,
            productID: variation.variation_id,
            offers: { price: variation.display_price },
          }),
        ),
      );
  };
}

/** @param {(lines: Lines | undefined, source: string) => void} heard */
export function askCart(heard) {
  // The address depends on the shopper's language.
  const root = at('Shopify.routes.root');
  const api = document.querySelector('link[rel*="api.w.org"]')?.getAttribute('href');
  const woo = api && /woocommerce/.test(document.body.className);
  if (!root && !woo) return;
  fetch(root ? `${root}cart.js` : `${api}wc/store/v1/cart`)
    .then((answer) => answer.text())
    .then((body) => heard(readCart(parse(body)), root ? 'shopify' : 'woocommerce'))
    .catch(note);
}
