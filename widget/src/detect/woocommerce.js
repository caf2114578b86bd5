/** WooCommerce: every hint that the cart changed, and the cart itself from the Store API. */

import { guard, listen } from '../guard.js';
import { own } from '../json.js';
import { text } from './product.js';

/** Classic themes speak through jQuery only. */
const CLASSIC =
  'added_to_cart removed_from_cart updated_cart_totals wc_fragments_refreshed wc_cart_emptied';

/** The Store API's cart holds addresses, too: read these fields, keep no other. @param {any} cart */
export const readStoreCart = (cart) =>
  Array.isArray(cart?.items)
    ? cart.items.flatMap((/** @type {any} */ item) => {
        const sku = text(item.sku) ?? text(item.id);
        const qty = Number(item.quantity);
        return sku && qty > 0 ? [{ sku, qty }] : [];
      })
    : null;

/**
 * @param {() => void} cart the cart may have changed
 * @param {() => void} product another variation was chosen
 * @returns {() => void} to be called again once jQuery may be there
 */
export function followWooCommerce(cart, product) {
  listen(document, 'wc-blocks_added_to_cart wc-blocks_removed_from_cart', cart);
  let followed = false;
  return () => {
    const jquery = own(window, 'jQuery');
    if (followed || typeof jquery !== 'function' || !document.body) return;
    followed = true;
    const body = jquery(document.body);
    body.on(CLASSIC, guard(cart));
    body.on('found_variation reset_data', guard(product));
  };
}

/** @returns {string} the Store API's cart, '' where there is no WooCommerce or nothing in the cart */
export function storeCartUrl() {
  const api = document.querySelector('link[rel="https://api.w.org/"]')?.getAttribute('href');
  return api && /woocommerce/.test(document.body.className) ? `${api}wc/store/v1/cart` : '';
}
