/** Offers of order lines: which can be used, what a line then costs, and what is charged for it. */

import { OutcomeUnknownError, reasonAgainst, TokenRefusedError } from '@tactful/checkout';

import { shownPrice } from './amounts.js';
import { territoriesIn } from './options.js';

/** States in which an offer still has to be held, so that it must not have ended. */
const BEFORE_PAYMENT = ['Created', 'AddingItems', 'Draft'];

/** Return an item of a line as the shop sells it without any offer, to the shopper of this order. */
export function itemOf(ctx, order, line, claims, options) {
  return {
    sku: line.productVariant.sku,
    territory: territoryOf(ctx, order, claims, options),
    currency: ctx.currencyCode,
    unit: shownPrice(ctx, line.unitPriceWithTax, line.unitPrice),
  };
}

/**
 * Return the territory of an order: its address, else the offer's, if the channel sells there.
 *
 * @param {import('@tactful/checkout').OfferClaims | null} claims of the offer that is judged
 */
export function territoryOf(ctx, order, claims, options) {
  const sold = territoriesIn(options, ctx.channel.code);
  const wanted = order.shippingAddress?.countryCode || claims?.territory;
  return sold.includes(wanted) ? wanted : (sold[0] ?? '');
}

/**
 * Return what an order's lines carry: `{line, token, claims, reason}` for each line with a token.
 *
 * `reason` is null where the line costs the promised price. The first line of an offer alone can use
 * it. An order under payment keeps its prices, also when an offer has ended since it was held.
 *
 * @throws {OutcomeUnknownError} no keys of the server are known, so no token can be judged
 */
export async function judgeLines(ctx, order, keys, options) {
  const at = BEFORE_PAYMENT.includes(order.state) ? undefined : 0;
  const found = [];
  const used = new Set();
  for (const line of order.lines) {
    const token = line.customFields?.tactfulToken;
    if (!token || line.quantity <= 0) continue;
    const claims = await claimsOf(keys, token, at);
    const item = itemOf(ctx, order, line, claims, options);
    const reason = claims ? reasonAgainst(claims, item, line.quantity, used) : 'offer.ended';
    if (claims) used.add(claims.offer);
    found.push({ line, token, claims, reason });
  }
  return found;
}

async function claimsOf(keys, token, at) {
  try {
    return await keys.verify(token, { at });
  } catch (error) {
    if (error instanceof TokenRefusedError) return null;
    throw error;
  }
}

/** Return the judged lines that can use their offers; none while no keys of the server are known. */
export async function usableLines(ctx, order, keys, options) {
  try {
    const found = await judgeLines(ctx, order, keys, options);
    return found.filter(({ reason }) => reason === null);
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return [];
    throw error;
  }
}

/** Whether a line of an order has the price of an offer. */
export const usesOffer = (line) =>
  Boolean(line.customFields?.tactfulOffer) && line.proratedUnitPrice < line.unitPrice;
