/** Holds of offers around a payment, and the messages to shoppers when nothing can be held. */

import { BridgeError, OutcomeUnknownError, RefusedError } from '@tactful/checkout';
import { OrderLine } from '@vendure/core';

import { isChargedAsPromised } from './amounts.js';
import { judgeLines, territoryOf } from './offers.js';

/** Reasons for which the cart has shown the shop's own price all along, so that it is charged. */
const SHOWN_AT_OWN_PRICE = ['offer.no_saving', 'offer.quantity'];
const RELATIONS = [
  'lines',
  'lines.productVariant',
  'lines.productVariant.productVariantPrices',
  'shippingLines',
  'surcharges',
  'customer',
];
const LATER =
  'The price of an offer in your basket cannot be confirmed at the moment. Nothing was charged. ' +
  'Please try again in a minute.';
const NOT_COMBINED =
  'An offer in your basket cannot be combined with another reduction. Nothing was charged.';
const CHANGED =
  'Prices in your basket have changed, and nothing was charged. Your basket now shows the present prices.';

const ended = (found) => {
  const titles = found.map(({ line }) => line.productVariant.name).join(', ');
  return `The offer on ${titles} has ended, and nothing was charged. Your basket now shows the present price.`;
};

/**
 * Hold every offer of an order before its payment; return why it cannot be paid, or undefined.
 *
 * An offer that cannot be used any more is removed from its line, so that the next try shows and
 * charges the present price.
 *
 * @param {import('./bridge').TactfulBridge} bridge
 * @param {import('@vendure/core').RequestContext} ctx in the transaction of the order
 * @param {import('@vendure/core').Order} order on its way to the payment
 * @returns {Promise<string | undefined>} a text for the shopper
 */
export async function holdOffers(bridge, ctx, order) {
  if (!order.lines.some((line) => line.customFields?.tactfulToken)) {
    await bridge.checkoutIn(ctx).release(order.code);
    return undefined;
  }
  try {
    return await holdUsable(bridge, ctx, order);
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error;
    bridge.log.warn(`Order ${order.code}: the offers cannot be held now: ${error.message}`);
    return LATER;
  }
}

async function holdUsable(bridge, ctx, order) {
  const fresh = await repriced(bridge, ctx, order.id);
  const judged = await judgeLines(ctx, fresh, bridge.keys, bridge.options);
  const usable = judged.filter(({ reason }) => reason === null);
  const unusable = judged.filter(({ reason }) => reason !== null);
  if (unusable.length) {
    await dropOffers(bridge, ctx, order.id, unusable);
    const surprising = unusable.filter(({ reason }) => !SHOWN_AT_OWN_PRICE.includes(reason));
    if (surprising.length) return ended(surprising);
  }
  if (fresh.totalWithTax !== order.totalWithTax) return CHANGED;
  const other = usable.find(({ line, claims }) => !isChargedAsPromised(ctx, line, claims.unit));
  if (other) {
    bridge.log.error(
      `Order ${order.code}: line ${other.line.id} costs ${other.line.proratedLinePriceWithTax} with ` +
        `tax and ${other.line.proratedLinePrice} without, instead of ${other.claims.unit} a unit. ` +
        'Another reduction was applied on top, or the promotion of Tactful is disabled.',
    );
    return NOT_COMBINED;
  }
  const checkout = bridge.checkoutIn(ctx);
  if (!usable.length) {
    await checkout.release(order.code);
    return undefined;
  }
  try {
    await checkout.hold(await holdRequest(bridge, ctx, fresh, usable));
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    bridge.log.warn(`Order ${order.code}: the offers are refused: ${error.code}`);
    const dead = await deadOf(bridge, usable);
    await dropOffers(bridge, ctx, order.id, dead);
    return ended(dead);
  }
}

/** Return an order with the present prices of its lines with offers. */
async function repriced(bridge, ctx, id) {
  const order = await bridge.orders.findOne(ctx, id, RELATIONS);
  const lines = order.lines.filter((line) => line.customFields?.tactfulToken);
  return bridge.orders.applyPriceAdjustments(ctx, order, lines, RELATIONS);
}

async function dropOffers(bridge, ctx, id, found) {
  const rows = bridge.connection.getRepository(ctx, OrderLine);
  for (const { line } of found) {
    await rows.update(line.id, { customFields: { tactfulToken: null, tactfulOffer: null } });
  }
  const order = await bridge.orders.findOne(ctx, id, RELATIONS);
  await bridge.orders.applyPriceAdjustments(ctx, order);
}

async function holdRequest(bridge, ctx, order, usable) {
  const lines = usable.map(({ line, token, claims }) => ({
    token,
    sku: claims.sku,
    qty: line.quantity,
    unit: claims.unit,
    currency: claims.currency,
    line: String(line.id),
  }));
  const customer = await bridge.customerOf(ctx);
  return {
    order: order.code,
    territory: territoryOf(ctx, order, usable[0].claims, bridge.options),
    lines,
    seconds: bridge.options.holdSeconds,
    ...(customer && { customer }),
  };
}

/** Return the lines whose offers cannot be used any more; all, if that cannot be told apart. */
async function deadOf(bridge, usable) {
  const stands = await Promise.all(usable.map(({ claims }) => isAccepted(bridge, claims.offer)));
  const dead = usable.filter((_, place) => !stands[place]);
  return dead.length ? dead : usable;
}

async function isAccepted(bridge, offer) {
  try {
    const found = await bridge.client.ask('GET', `/v1/offers/${encodeURIComponent(offer)}`);
    return found.state === 'accepted';
  } catch (error) {
    if (error instanceof BridgeError) return false;
    throw error;
  }
}

/**
 * Return the order process that holds and releases, and the guard of quantities.
 *
 * @param {() => import('./bridge').TactfulBridge} bridge
 */
export function orderParts(bridge) {
  const process = {
    onTransitionStart(from, to, { ctx, order }) {
      if (to === 'ArrangingPayment' && from !== to) return holdOffers(bridge(), ctx, order);
      return undefined;
    },
    async onTransitionEnd(from, to, { ctx, order }) {
      const checkout = bridge().checkoutIn(ctx);
      if (to === 'Cancelled') await checkout.cancel(order.code);
      else if (from === 'ArrangingPayment' && to === 'AddingItems')
        await checkout.release(order.code);
      else return;
      await bridge().deliverAfterCommit(ctx, order.code);
    },
  };
  const interceptor = {
    async willAdjustOrderLine(ctx, order, { orderLine, quantity }) {
      if (!orderLine.customFields?.tactfulToken) return undefined;
      const judged = await bridge().usableLines(ctx, order);
      const found = judged.find(({ line }) => line.id === orderLine.id);
      return found && quantity > found.claims.max_qty ? 'offer.quantity' : undefined;
    },
  };
  return { process, interceptor };
}
