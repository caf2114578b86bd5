/** Events of shop systems, for the part that reads them, and the cart in the shop's own words. */

import { guard, listen } from '../guard.js';
import { text } from './product.js';

/** @typedef {import('./datalayer.js').Lines} Lines */

const EVENTS =
  'shopify:product:view shopify:product:select shopify:cart:view shopify:cart:lines-update wc-blocks_added_to_cart wc-blocks_removed_from_cart';
/** WooCommerce's classic themes speak through jQuery only. */
const CLASSIC = 'added_to_cart removed_from_cart updated_cart_totals found_variation';

/**
 * @param {any} rows the shop's own lines: `{sku, qty}`
 * @returns {Lines}
 */
export const readLines = (rows) =>
  rows
    .map((/** @type {any} */ { sku, qty = 1 }) => ({ sku: text(sku), qty: Math.round(qty) }))
    .filter((/** @type {any} */ { sku, qty }) => sku && qty > 0)
    .slice(0, 200);

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
    jQuery(document.body).on(
      CLASSIC,
      guard((/** @type {any} */ { type }, /** @type {any} */ variation) => heard(type, variation)),
    );
  };
}
