/** Google's `dataLayer`: what was pushed before us, and what will be. */

import { guard } from '../guard.js';
import { at, own } from '../json.js';

/** @typedef {{sku: string, qty: number}[]} Lines */

/** @param {any} pushed @returns {any} truthy for what may speak of products or of the cart */
export const isShopping = (pushed) =>
  ['items', 'ecommerce', '2.items'].some((path) => at(path, pushed)) ||
  own(pushed, 'event') === 'purchase' ||
  own(pushed, '1') === 'purchase';

/**
 * Follows `window.dataLayer`: replays what is there, then hears every push.
 * The page's own `push` keeps its result and its errors.
 * @param {(pushed: any) => void} heard
 * @returns {() => void} to be called again later: many pages make the layer after us
 */
export function followDataLayer(heard) {
  /** @type {any} */
  let followed;
  const safe = guard(heard);
  return () => {
    const layer = own(window, 'dataLayer');
    if (!Array.isArray(layer) || layer === followed) return;
    followed = layer;
    for (const entry of [...layer]) safe(entry);
    const { push } = layer;
    layer.push = function (...entries) {
      const result = push.apply(this, entries);
      for (const entry of entries) safe(entry);
      return result;
    };
  };
}
