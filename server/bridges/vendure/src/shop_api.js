/** The shop API of offers: take one into the active order, and what a storefront needs to begin. */

import { Inject } from '@nestjs/common';
import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  OutcomeUnknownError,
  reasonAgainst,
  signCustomer,
  signIdentity,
  TokenRefusedError,
} from '@tactful/checkout';
import {
  ActiveOrderService,
  Allow,
  Ctx,
  isGraphQlErrorResult,
  Permission,
  ProductPriceApplicator,
  ProductVariant,
} from '@vendure/core';
import { parse } from 'graphql';
import { IsNull } from 'typeorm';

import { shownPrice } from './amounts.js';
import { TactfulBridge } from './bridge.js';
import { territoryOf } from './offers.js';
import { territoriesIn } from './options.js';

const LATER = 'The offer cannot be put into your basket at the moment. Please try again.';
const MESSAGES = {
  'offer.quantity': 'The offer is not for so many pieces.',
  'offer.later': LATER,
};
const LONGEST_SESSION = 128;

export const SCHEMA = parse(
  `
  "What a storefront needs to join the widget to this shop."
  type TactfulStorefront {
    "The address of the widget's script."
    widgetUrl: String!
    territory: String!
    currency: String!
    "Absent: the default channel."
    channel: String
    consent: String!
    "A proof of who is logged in, for a few minutes: a JWT, or the JSON text of an object; absent: nobody."
    identity: String
  }
  "Why an offer cannot be put into the order: a stable code, and a text for the shopper."
  type TactfulRefusal {
    code: String!
    message: String!
  }
  "Either the order with the offer, or why it is not there."
  type TactfulOfferResult {
    order: Order
    refused: TactfulRefusal
  }
  extend type OrderLine {
    "The id of the offer that the line carries."
    tactfulOffer: String
  }
  extend type Query {
    tactfulStorefront: TactfulStorefront!
  }
  extend type Mutation {
    "Put the item of an accepted offer into the active order, as a line of its own."
    takeTactfulOffer(token: String!, quantity: Int, session: String): TactfulOfferResult!
    "Name the widget's session in which the active order came about; false: there is no order."
    linkTactfulSession(session: String!): Boolean!
  }
`,
  { noLocation: true },
);

/** An offer cannot be taken; what was changed until then is rolled back. */
class OfferRefusedError extends Error {
  constructor(code, message = MESSAGES[code] ?? 'The offer has ended.') {
    super(message);
    this.code = code;
  }
}

/** Resolves the operations of `SCHEMA`. */
export class TactfulShopResolver {
  #bridge;
  #activeOrders;
  #prices;

  constructor(bridge, activeOrders, prices) {
    this.#bridge = bridge;
    this.#activeOrders = activeOrders;
    this.#prices = prices;
  }

  async tactfulStorefront(ctx) {
    const { options } = this.#bridge;
    const signs = options.identityKey || options.identitySecret;
    const customer = signs ? await this.#bridge.customerOf(ctx) : '';
    const { channel } = ctx;
    return {
      widgetUrl: `${(options.widgetUrl || options.url).replace(/\/+$/, '')}/widget/v1.js`,
      territory: territoriesIn(options, channel.code)[0] ?? '',
      currency: ctx.currencyCode,
      channel: channel.code === '__default_channel__' ? null : channel.code,
      consent: options.consent,
      identity: customer ? identityOf(options, customer) : null,
    };
  }

  async linkTactfulSession(ctx, session) {
    const order = await this.#activeOrders.getActiveOrder(ctx, undefined);
    if (order) await this.#link(ctx, order, session);
    return Boolean(order);
  }

  async takeTactfulOffer(ctx, token, quantity, session) {
    const { connection, orders } = this.#bridge;
    try {
      const id = await connection.withTransaction(ctx, (inside) =>
        this.#take(inside, token, quantity ?? 1, session),
      );
      return { order: await orders.findOne(ctx, id) };
    } catch (error) {
      if (error instanceof OfferRefusedError) {
        return { refused: { code: error.code, message: error.message } };
      }
      throw error;
    }
  }

  async #take(ctx, token, quantity, session) {
    const claims = await this.#claimsOf(token);
    const order = await this.#activeOrders.getActiveOrder(ctx, undefined, true);
    const full = await this.#bridge.orders.findOne(ctx, order.id);
    const variant = await this.#variantOf(ctx, claims);
    const item = await this.#itemOf(ctx, full, variant, claims);
    const inCart = full.lines.map((line) => line.customFields?.tactfulOffer).filter(Boolean);
    // The answer to an earlier request was lost on its way.
    if (inCart.includes(claims.offer)) return order.id;
    const reason = reasonAgainst(claims, item, quantity, inCart);
    if (reason) throw new OfferRefusedError(reason);
    await this.#takePlainUnits(ctx, full, variant, quantity);
    const added = await this.#bridge.orders.addItemToOrder(ctx, order.id, variant.id, quantity, {
      tactfulToken: token,
      tactfulOffer: claims.offer,
    });
    if (isGraphQlErrorResult(added)) throw new OfferRefusedError('offer.stock', added.message);
    if (session) await this.#link(ctx, order, session);
    return order.id;
  }

  async #claimsOf(token) {
    try {
      return await this.#bridge.keys.verify(token);
    } catch (error) {
      if (error instanceof TokenRefusedError) throw new OfferRefusedError('offer.ended');
      if (error instanceof OutcomeUnknownError) throw new OfferRefusedError('offer.later');
      throw error;
    }
  }

  /** Return the variant that this channel sells under the offer's SKU. */
  async #variantOf(ctx, { sku }) {
    const [variant] = await this.#bridge.connection.getRepository(ctx, ProductVariant).find({
      where: { sku, enabled: true, deletedAt: IsNull(), channels: { id: ctx.channelId } },
      relations: ['productVariantPrices', 'taxCategory', 'channels'],
      take: 1,
    });
    if (!variant) throw new OfferRefusedError('offer.item');
    return variant;
  }

  async #itemOf(ctx, order, variant, claims) {
    const priced = await this.#prices.applyChannelPriceAndTax(variant, ctx, order);
    return {
      sku: variant.sku,
      territory: territoryOf(ctx, order, claims, this.#bridge.options),
      currency: ctx.currencyCode,
      unit: shownPrice(ctx, priced.priceWithTax, priced.price),
    };
  }

  /** Remove units at the shop's own price, which become units of the offer. */
  async #takePlainUnits(ctx, order, variant, quantity) {
    const plain = order.lines.find(
      (line) =>
        String(line.productVariantId) === String(variant.id) &&
        Object.values(line.customFields ?? {}).every((value) => value === null),
    );
    if (!plain) return;
    const { orders } = this.#bridge;
    const left = plain.quantity - quantity;
    const changed =
      left > 0
        ? await orders.adjustOrderLine(ctx, order.id, plain.id, left)
        : await orders.removeItemFromOrder(ctx, order.id, plain.id);
    if (isGraphQlErrorResult(changed)) throw new OfferRefusedError('offer.cart', changed.message);
  }

  async #link(ctx, order, session) {
    if (session.length > LONGEST_SESSION) return;
    const fields = { tactfulSession: session };
    await this.#bridge.orders.updateCustomFields(ctx, order.id, fields);
  }
}

/** Resolves the field that `SCHEMA` adds to order lines. */
export class TactfulLineResolver {
  tactfulOffer(line) {
    return line.customFields?.tactfulOffer ?? null;
  }
}

Resolver('OrderLine')(TactfulLineResolver);
Parent()(TactfulLineResolver.prototype, 'tactfulOffer', 0);
ResolveField()(
  TactfulLineResolver.prototype,
  'tactfulOffer',
  Object.getOwnPropertyDescriptor(TactfulLineResolver.prototype, 'tactfulOffer'),
);

decorate(TactfulShopResolver, [TactfulBridge, ActiveOrderService, ProductPriceApplicator], {
  tactfulStorefront: [Query(), []],
  linkTactfulSession: [Mutation(), ['session']],
  takeTactfulOffer: [Mutation(), ['token', 'quantity', 'session']],
});

/** Decorate a resolver as TypeScript would; every operation gets the context before its arguments. */
function decorate(target, injected, operations) {
  Resolver()(target);
  for (const [place, token] of injected.entries()) Inject(token)(target, undefined, place);
  for (const [name, [operation, args]] of Object.entries(operations)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    Ctx()(target.prototype, name, 0);
    for (const [place, arg] of args.entries()) Args(arg)(target.prototype, name, place + 1);
    operation(target.prototype, name, descriptor);
    Allow(Permission.Owner)(target.prototype, name, descriptor);
  }
}

function identityOf({ identityKey, identitySecret }, customer) {
  const now = Math.floor(Date.now() / 1000);
  return identityKey
    ? JSON.stringify(signCustomer(identityKey, customer, now))
    : signIdentity(identitySecret, customer, now);
}
