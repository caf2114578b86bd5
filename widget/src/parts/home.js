/** The place of a card in the page's own flow: an element for it, or the line of a price. */

import { inView } from '../place.js';

/** Above and below a card in the page's flow, as its style sheet says, in pixels. */
const MARGIN = 16;
/** Where prices are looked for when an inline offer has no selector of the shop's. */
const PRICE = '[itemprop=price],[property=price],.price';

/**
 * Places that the shopper sees are taken only where nothing has to move for the card.
 * @param {HTMLElement} host
 * @param {HTMLElement} card
 * @param {string} sku of the offer
 * @param {string | boolean} inline selector of the price behind which the card belongs; true: the first
 *   price; else it belongs to none
 * @returns {[home?: Element, after?: Element]} the parent, and the child of it behind which the card
 *   stands; none of them for the corner
 */
export function homeOf(host, card, sku, inline) {
  /** @type {Element | undefined} */
  let home;
  for (const slot of document.querySelectorAll('tactful-offer')) {
    if ((slot.getAttribute('sku') ?? sku) !== sku) continue;
    const room =
      slot.clientHeight >= card.offsetHeight + MARGIN && slot.clientWidth >= card.offsetWidth;
    if (room || host.parentNode === slot || !inView(slot)) home = slot;
  }
  if (home || !inline) return [home];
  // The block that ends the line of the price.
  let price = document.querySelector(inline === true ? PRICE : inline);
  while (
    price?.parentElement &&
    /flex|grid|inline/.test(getComputedStyle(price.parentElement).display)
  ) {
    price = price.parentElement;
  }
  const parent = price?.parentElement;
  return price && parent && (price.nextSibling === host || !inView(price)) ? [parent, price] : [];
}
