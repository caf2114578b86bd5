/** Magento and Hyvä keep the cart in the browser: read it there, it may be an hour old. */

import { listen } from '../guard.js';
import { own, parse } from '../json.js';
import { text } from './product.js';

/** @param {any} section */
export const readSection = (section) =>
  Array.isArray(own(section, 'items'))
    ? section.items.flatMap((/** @type {any} */ item) => {
        const sku = text(own(item, 'product_sku')) ?? text(own(item, 'product_id'));
        const qty = Number(own(item, 'qty'));
        return sku && qty > 0 ? [{ sku, qty }] : [];
      })
    : null;

/** @param {(lines: {sku: string, qty: number}[]) => void} cart */
export function followMagento(cart) {
  const take = (/** @type {any} */ section) => {
    const lines = readSection(section);
    if (lines) cart(lines);
  };
  listen(window, 'private-content-loaded', ({ detail }) => take(own(own(detail, 'data'), 'cart')));
  try {
    take(own(parse(localStorage.getItem('mage-cache-storage') ?? '{}'), 'cart'));
  } catch {
    // No storage, or not Magento's: no cart to be found here.
  }
}
