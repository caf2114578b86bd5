/** Reactions to the shop's own events, each in the transaction of its event. */

import {
  ChannelEvent,
  OrderLineEvent,
  OrderPlacedEvent,
  OrderStateTransitionEvent,
  ProductEvent,
  ProductVariantChannelEvent,
  ProductVariantEvent,
  ProductVariantPrice,
  ProductVariantPriceEvent,
  Refund,
  RefundStateTransitionEvent,
  StockMovementEvent,
  TaxRateEvent,
} from '@vendure/core';

import { refundId } from './facts.js';
import { usesOffer } from './offers.js';

const UNPLACED = ['Created', 'Draft', 'AddingItems', 'ArrangingPayment'];

/**
 * Register all reactions.
 *
 * An event's entity may lack relations and throws when it is serialised, so that each reaction reads
 * what it needs, or writes a subject that is read when it is sent.
 *
 * @param {import('./bridge').TactfulBridge} bridge
 * @param {import('@vendure/core').EventBus} events
 * @param {{channelCreated: (ctx: any) => Promise<void>}} more what else a new channel needs
 */
export function react(bridge, events, { channelCreated }) {
  const on = (event, handler) => {
    events.registerBlockingEventHandler({ event, id: `tactful-${event.name}`, handler });
  };
  const report = async (ctx, subjects) => {
    for (const subject of new Set(subjects)) await bridge.reportFacts(ctx, subject);
  };

  on(OrderPlacedEvent, async ({ ctx, order }) => {
    const usesOffers = order.lines.some(usesOffer);
    await bridge.checkoutIn(ctx).placed(order.code, { usesOffers });
    await bridge.deliverAfterCommit(ctx, order.code);
  });
  on(OrderStateTransitionEvent, async ({ ctx, order, toState }) => {
    if (!UNPLACED.includes(toState)) await report(ctx, [`order:${order.code}`]);
  });
  on(OrderLineEvent, async ({ ctx, order, type }) => {
    if (type === 'cancelled') await report(ctx, [`order:${order.code}`]);
  });
  on(RefundStateTransitionEvent, async ({ ctx, order, refund, toState }) => {
    if (toState !== 'Settled') return;
    await reportRefund(bridge, ctx, order.code, refund.id);
    await report(ctx, [`refund:${refund.id}`]);
  });
  on(StockMovementEvent, ({ ctx, stockMovements }) =>
    report(
      ctx,
      stockMovements.map(({ productVariant }) => `variant:${productVariant.id}`),
    ),
  );
  on(ProductVariantPriceEvent, async ({ ctx, entity, type }) => {
    // The shop changes a price with its variant, whose own event follows; a deleted price has no row.
    if (type === 'deleted') return;
    const rows = bridge.connection.getRepository(ctx, ProductVariantPrice);
    const where = entity.map(({ id }) => ({ id }));
    const prices = await rows.find({ where, relations: ['variant'] });
    await report(
      ctx,
      prices.map(({ variant }) => `variant:${variant.id}`),
    );
  });
  on(ProductVariantEvent, ({ ctx, entity, type }) =>
    report(
      ctx,
      entity.map(({ id, sku }) => (type === 'deleted' ? `gone:${sku}` : `variant:${id}`)),
    ),
  );
  on(ProductVariantChannelEvent, ({ ctx, productVariant }) =>
    report(ctx, [`variant:${productVariant.id}`]),
  );
  on(ProductEvent, ({ ctx, entity, type }) =>
    report(ctx, [`${type === 'deleted' ? 'gone-product' : 'product'}:${entity.id}`]),
  );
  on(TaxRateEvent, ({ ctx }) => report(ctx, ['catalogue']));
  on(ChannelEvent, async ({ ctx, type }) => {
    if (type === 'created') await channelCreated(ctx);
    if (type === 'updated') await report(ctx, ['catalogue']);
  });
}

/** Report money that was paid back: the returned units, or the amount where no lines are named. */
async function reportRefund(bridge, ctx, code, id) {
  const relations = ['lines', 'lines.orderLine', 'lines.orderLine.productVariant'];
  const rows = bridge.connection.getRepository(ctx, Refund);
  const refund = await rows.findOne({ where: { id }, relations });
  const lines = refund.lines
    .filter(({ orderLine }) => usesOffer(orderLine))
    .map(({ orderLine, quantity }) => ({ sku: orderLine.productVariant.sku, qty: quantity }));
  const checkout = bridge.checkoutIn(ctx);
  if (refund.lines.length) {
    if (lines.length) await checkout.refund(code, refundId(id), { lines });
  } else {
    const amount = await shareOfOffers(bridge, ctx, code, refund.total);
    if (amount.amount) await checkout.refund(code, refundId(id), { amount });
  }
  await bridge.deliverAfterCommit(ctx, code);
}

/** Return the part of a refund that falls on lines with offers; it is spread by what was paid. */
async function shareOfOffers(bridge, ctx, code, refunded) {
  const order = await bridge.orders.findOneByCode(ctx, code);
  const total = order.totalWithTax;
  const withOffers = order.lines
    .filter(usesOffer)
    .reduce((sum, line) => sum + line.proratedLinePriceWithTax, 0);
  const amount = total ? Math.floor((Math.min(refunded, total) * withOffers) / total) : 0;
  return { amount, currency: order.currencyCode };
}
