/** Prices of offers: a promotion of the shop that no other promotion is combined with. */

import {
  LanguageCode,
  Promotion,
  PromotionCondition,
  PromotionItemAction,
  PromotionLineAction,
  PromotionOrderAction,
} from '@vendure/core';
import { IsNull } from 'typeorm';

import { adjustmentFor } from './amounts.js';

/** Codes of condition and action; stored in the shop's database. */
export const CONDITION = 'tactful_offer';
export const ACTION = 'tactful_offer_price';
/** Lower than any other, so that this promotion is tested first and marks the lines of offers. */
const FIRST = -1_000_000;

/** Order line → the promised price, while an order is calculated. */
const promises = new WeakMap();

/** Whether a line has the price of an offer in the present calculation. */
export const hasPromise = (line) => promises.has(line);

const said = (value) => [{ languageCode: LanguageCode.en, value }];

/**
 * Return condition and action.
 *
 * @param {() => import('./bridge').TactfulBridge} bridge
 */
export function promotionParts(bridge) {
  const condition = new PromotionCondition({
    code: CONDITION,
    description: said('The order carries an offer of Tactful'),
    args: {},
    priorityValue: FIRST,
    async check(ctx, order) {
      const usable = await bridge().usableLines(ctx, order);
      for (const line of order.lines) promises.delete(line);
      for (const { line, claims } of usable) promises.set(line, claims.unit);
      return usable.length > 0;
    },
  });
  const action = new PromotionLineAction({
    code: ACTION,
    description: said('The promised price of the offer'),
    args: {},
    priorityValue: FIRST,
    execute(ctx, line) {
      return hasPromise(line) ? adjustmentFor(ctx, line, promises.get(line)) : 0;
    },
  });
  return { condition, action };
}

/**
 * Exclude lines with offers from all other promotions of the shop.
 *
 * An order's reduction is computed as if these lines were not there, and is spread over the others.
 *
 * @param {import('@vendure/core').ConfigService} config
 */
export function excludeOfferLines({ promotionOptions, orderOptions }) {
  for (const action of promotionOptions.promotionActions) {
    if (action.code === ACTION) continue;
    if (action instanceof PromotionOrderAction) wrapExecute(action, withoutOfferLines);
    if (action instanceof PromotionItemAction || action instanceof PromotionLineAction) {
      wrapExecute(action, (line) => (hasPromise(line) ? null : line));
    }
  }
  const strategy = orderOptions.orderLineDiscountDistributionStrategy;
  const weigh = strategy.getWeight.bind(strategy);
  strategy.getWeight = (ctx, line, order) => (hasPromise(line) ? 0 : weigh(ctx, line, order));
}

/** Let an action see something else than the line or order; null: it reduces nothing. */
function wrapExecute(action, view) {
  const execute = action.execute.bind(action);
  action.execute = (ctx, subject, ...rest) => {
    const seen = view(subject);
    return seen === null ? 0 : execute(ctx, seen, ...rest);
  };
}

/** Return an order as if its lines with offers were not there. */
function withoutOfferLines(order) {
  const lines = order.lines.filter((line) => !hasPromise(line));
  if (lines.length === order.lines.length) return order;
  if (!lines.length) return null;
  const sum = (name) => lines.reduce((total, line) => total + line[name], 0);
  return Object.create(order, {
    lines: { value: lines },
    subTotal: { value: sum('proratedLinePrice') },
    subTotalWithTax: { value: sum('proratedLinePriceWithTax') },
  });
}

/**
 * Make sure that the promotion exists once, and in every channel.
 *
 * @param {import('@vendure/core').RequestContext} ctx
 * @param {{connection: any, promotions: any, channels: any, log: any}} services
 */
export async function ensurePromotion(ctx, { connection, promotions, channels, log }) {
  const rows = connection.getRepository(ctx, Promotion);
  const all = await rows.find({ where: { deletedAt: IsNull() }, relations: ['channels'] });
  const isOurs = (one) => one.actions.some(({ code }) => code === ACTION);
  const found = all.find(isOurs) ?? (await createPromotion(ctx, promotions));
  if (!found.enabled) {
    log.error('The promotion of Tactful is disabled, so offers are not charged. Enable it.');
  }
  const { items } = await channels.findAll(ctx, { take: 1_000 });
  const has = new Set((found.channels ?? []).map(({ id }) => String(id)));
  const missing = items.map(({ id }) => id).filter((id) => !has.has(String(id)));
  if (missing.length) await channels.assignToChannels(ctx, Promotion, found.id, missing);
}

function createPromotion(ctx, promotions) {
  return promotions.createPromotion(ctx, {
    enabled: true,
    conditions: [{ code: CONDITION, arguments: [] }],
    actions: [{ code: ACTION, arguments: [] }],
    translations: [{ languageCode: ctx.channel.defaultLanguageCode, name: 'Offer' }],
  });
}
