/** Events of shop systems, and carts in all their forms. */

import { guard, listen } from '../guard.js';
import { first, text } from './product.js';

/** @typedef {import('./datalayer.js').Lines} Lines */

const EVENTS =
  'shopify:product:view shopify:product:select shopify:cart:view shopify:cart:lines-update wc-blocks_added_to_cart wc-blocks_removed_from_cart';
/** WooCommerce's classic themes speak through jQuery only. */
const CLASSIC = 'added_to_cart removed_from_cart updated_cart_totals found_variation';

/** @param {any} gid "gid://shopify/ProductVariant/123" */
export const plain = (gid) => text(gid)?.replace(/.*\//, '');

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
 * @param {(type: string, event: any) => void} heard what the part for shop systems reads
 * @returns {() => void} to be called again once jQuery may be there
 */
export function followPlatforms(heard) {
  listen(EVENTS, (event) => heard(event.type, event));
  let followed = false;
  return () => {
    const { jQuery } = /** @type {any} */ (window);
    if (followed || typeof jQuery !== 'function') return;
    followed = true;
    for (const type of CLASSIC.split(' ')) {
      jQuery(document.body).on(
        type,
        guard((/** @type {any} */ _, /** @type {any} */ variation) => heard(type, variation)),
      );
    }
  };
}
