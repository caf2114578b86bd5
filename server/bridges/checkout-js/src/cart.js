/** Offers in a cart: whether one may be put there, and what its line costs. */

/**
 * Return why an offer cannot be put into a cart as a line of its own; `null`: it can.
 *
 * @param {import('./index').OfferClaims} claims the claims of a verified token
 * @param {import('./index').CartItem} item the item for which the offer is meant
 * @param {number} quantity units of the line, 1 or more
 * @param {Iterable<string>} inCart the ids of the offers that the cart has already
 * @returns {import('./index').CartCode | null}
 */
export function reasonAgainst(claims, item, quantity, inCart) {
  if (claims.level !== undefined) return 'offer.level';
  if (claims.sku !== item.sku) return 'offer.item';
  if (claims.territory !== item.territory) return 'offer.territory';
  if (claims.currency !== item.currency) return 'offer.currency';
  if (!(Number.isInteger(quantity) && quantity >= 1 && quantity <= claims.max_qty)) {
    return 'offer.quantity';
  }
  if ([...inCart].includes(claims.offer)) return 'offer.in_cart';
  return item.unit <= claims.unit ? 'offer.no_saving' : null;
}

/**
 * Return the price of a line that carries an offer: the lower of the promise and the own price.
 *
 * Every recalculation of the cart calls it. A line that no longer fits the offer, because its
 * quantity was raised or the offer has ended, costs the platform's own price.
 *
 * @param {import('./index').OfferClaims | null} claims the claims of the line's token; `null`: the
 *   token is not valid, or not any more
 * @param {import('./index').CartItem} item the item as the platform sells it now
 * @param {number} quantity units of the line
 * @returns {import('./index').LinePrice}
 */
export function priceOf(claims, item, quantity) {
  if (claims === null || reasonAgainst(claims, item, quantity, []) !== null) {
    return { unit: item.unit, usesOffer: false };
  }
  return { unit: claims.unit, usesOffer: true };
}

/** Digits of the minor unit (ISO 4217) of every currency in use that has not two of them. */
export const MINOR_DIGITS = Object.freeze({
  BHD: 3,
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  PYG: 0,
  RWF: 0,
  TND: 3,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
});

/** Return how many decimal digits amounts of a currency have (ISO 4217). */
export const digitsOf = (currency) => MINOR_DIGITS[currency] ?? 2;
