/** Shopify: its standard storefront events, and its cart. */

import { guard, listen } from '../guard.js';
import { own } from '../json.js';
import { text } from './product.js';

/** @param {any} gid "gid://shopify/ProductVariant/123" */
const plain = (gid) => text(gid)?.split(/[/?]/).filter(Boolean).pop();

/**
 * @param {any} event `shopify:product:view` or `:select`
 * @returns {import('./product.js').Product | null}
 */
export function readProductEvent(event) {
  // A quick view or a recommendation card is a look at a product, too; a collection row is not.
  if (event.context === 'collection' || event.context === 'search') return null;
  const variant = event.selectedVariant;
  const id = plain(variant?.id) ?? plain(event.product?.id);
  if (!id) return null;
  return {
    sku: text(variant?.sku),
    id,
    name: text(event.product?.title),
    price: text(variant?.price?.amount),
    currency: text(variant?.price?.currencyCode),
  };
}

/**
 * @param {any} cart the Storefront API's
 * @returns {{sku: string, qty: number}[] | null}
 */
export function readCart(cart) {
  const lines = cart?.lines?.nodes ?? cart?.lines?.edges ?? cart?.lines;
  if (!Array.isArray(lines)) return null;
  return lines.flatMap((line) => {
    const { merchandise, quantity } = line.node ?? line;
    const sku = text(merchandise?.sku) ?? plain(merchandise?.id ?? merchandise);
    return sku && quantity > 0 ? [{ sku, qty: quantity }] : [];
  });
}

/** The Ajax cart: read these fields, keep no other. @param {any} cart */
export const readAjaxCart = (cart) =>
  Array.isArray(cart?.items)
    ? cart.items.flatMap((/** @type {any} */ item) => {
        const sku = text(item.sku) ?? text(item.variant_id);
        return sku && item.quantity > 0 ? [{ sku, qty: item.quantity }] : [];
      })
    : null;

/**
 * @param {(product: import('./product.js').Product) => void} product
 * @param {(lines: {sku: string, qty: number}[]) => void} cart
 */
export function followShopify(product, cart) {
  const take = guard((/** @type {any} */ found) => {
    const lines = readCart(found);
    if (lines) cart(lines);
  });
  listen(document, 'shopify:product:view shopify:product:select', (event) => {
    const found = readProductEvent(event);
    if (found) product(found);
  });
  listen(document, 'shopify:cart:view shopify:cart:lines-update', (event) => {
    if (event.cart) take(event.cart);
    // The event comes before the shop's server has answered.
    event.promise?.then?.(
      (/** @type {any} */ answer) => take(answer?.cart),
      () => {},
    );
  });
}

/** @returns {string} the Ajax cart's address in the shopper's language, '' elsewhere */
export function shopifyCartUrl() {
  const shopify = own(window, 'Shopify');
  return shopify ? `${own(own(shopify, 'routes'), 'root') ?? '/'}cart.js` : '';
}
