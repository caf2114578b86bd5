/** The shop's products, prices, stock and orders as facts, read when they are sent. */

import { BridgeError } from '@tactful/checkout';
import { Order, Product, ProductVariant, Refund } from '@vendure/core';
import { IsNull, MoreThanOrEqual } from 'typeorm';

import { territoriesIn } from './options.js';

const PAGE = 100;
const DAY_MS = 86_400_000;
const DEFAULT_CHANNEL = '__default_channel__';
const VARIANT_RELATIONS = [
  'translations',
  'channels',
  'productVariantPrices',
  'taxCategory',
  'featuredAsset',
  'facetValues',
  'facetValues.facet',
  'product',
  'product.translations',
  'product.featuredAsset',
  'product.facetValues',
  'product.facetValues.facet',
];
const STATUS = {
  PartiallyShipped: 'shipped',
  Shipped: 'shipped',
  PartiallyDelivered: 'shipped',
  Delivered: 'delivered',
  Cancelled: 'cancelled',
};

/**
 * Implements `FactReader`. A subject is `product:ID`, `variant:ID`, `gone:SKU`, `gone-product:ID`,
 * `catalogue`, `order:CODE`, `orders:DAYS` or `refund:ID`.
 */
export class VendureFacts {
  #options;
  #services;

  constructor(options, services) {
    this.#options = options;
    this.#services = services;
  }

  /**
   * Yield the facts about a subject as they are now; none, if there is no such thing.
   *
   * The version is the instant before reading, so that of two processes that report one subject at
   * the same time, the one that read later wins.
   */
  async *factsOf(subject) {
    const [kind, ...rest] = subject.split(':');
    const read = READERS[kind];
    if (!read)
      throw new BridgeError(`The outbox names '${subject}', which is no subject of facts.`);
    const reader = new Reading(this.#options, this.#services);
    const version = new Date().toISOString();
    for await (const fact of reader[read](rest.join(':'))) yield { version, ...fact };
  }
}

const READERS = {
  product: 'product',
  variant: 'variant',
  gone: 'gone',
  'gone-product': 'goneProduct',
  catalogue: 'catalogue',
  order: 'order',
  orders: 'recentOrders',
  refund: 'refund',
};

/** One reading of the shop's tables. */
class Reading {
  #options;
  #services;

  constructor(options, services) {
    this.#options = options;
    this.#services = services;
  }

  async *variant(id) {
    const variant = await this.#rows(ProductVariant).findOne({
      where: { id, deletedAt: IsNull() },
      relations: VARIANT_RELATIONS,
    });
    if (!variant?.sku || variant.product.deletedAt) return;
    const { channels } = this.#services;
    const admin = await this.#context();
    const { items } = await channels.findAll(admin, { take: 1_000 }, ['defaultTaxZone']);
    const sold = items.filter(
      (one) =>
        variant.channels.some(({ id: channel }) => String(channel) === String(one.id)) &&
        territoriesIn(this.#options, one.code).length,
    );
    yield this.#productFact(variant, admin);
    for (const channel of sold) yield* this.#prices(variant, channel);
    yield* this.#stock(variant, sold);
  }

  async *product(id) {
    const where = { product: { id }, deletedAt: IsNull() };
    for (const variant of await this.#rows(ProductVariant).find({ where, select: ['id'] })) {
      yield* this.variant(variant.id);
    }
  }

  async *gone(sku) {
    const [sold] = await this.#rows(ProductVariant).find({ where: { sku, deletedAt: IsNull() } });
    if (sold) yield* this.variant(sold.id);
    else yield { type: 'gone', of: 'product', sku };
  }

  async *goneProduct(id) {
    const sold = await this.#rows(Product).findOne({ where: { id, deletedAt: IsNull() } });
    if (sold) yield* this.product(id);
    else yield { type: 'gone', of: 'product', product: id };
  }

  async *catalogue() {
    const rows = this.#rows(Product);
    for (let skip = 0; ; skip += PAGE) {
      const page = { where: { deletedAt: IsNull() }, order: { id: 'ASC' }, skip, take: PAGE };
      const products = await rows.find({ ...page, select: ['id'] });
      for (const { id } of products) yield* this.product(id);
      if (products.length < PAGE) return;
    }
  }

  async *order(code) {
    const order = await this.#order({ code });
    if (order?.orderPlacedAt) yield this.#orderFact(order);
  }

  async *recentOrders(days) {
    const since = new Date(Date.now() - Number(days) * DAY_MS);
    const rows = this.#rows(Order);
    for (let skip = 0; ; skip += PAGE) {
      const where = { orderPlacedAt: MoreThanOrEqual(since) };
      const page = { where, order: { id: 'ASC' }, skip, take: PAGE, select: ['id', 'code'] };
      const orders = await rows.find(page);
      for (const { code } of orders) yield* this.order(code);
      if (orders.length < PAGE) return;
    }
  }

  async *refund(id) {
    const relations = ['lines', 'lines.orderLine', 'lines.orderLine.productVariant'];
    const refund = await this.#rows(Refund).findOne({
      where: { id },
      relations: [...relations, 'payment', 'payment.order'],
    });
    const returned = (refund?.lines ?? []).filter(({ orderLine }) => orderLine.productVariant.sku);
    if (!returned.length) return;
    yield {
      type: 'return',
      return: refundId(id),
      order: refund.payment.order.code,
      at: refund.updatedAt.toISOString(),
      status: 'received',
      lines: returned.map(({ orderLine, quantity }) => {
        return { sku: orderLine.productVariant.sku, qty: quantity, reason: 'unknown' };
      }),
    };
  }

  #productFact(variant, admin) {
    const { product } = variant;
    const values = [...product.facetValues, ...variant.facetValues];
    const codes = (facet) =>
      values.filter((one) => one.facet.code === facet).map(({ code }) => code);
    const [brand] = values.filter((one) => one.facet.code === this.#options.brandFacet);
    const named = (entity) => this.#services.translator.translate(entity, admin);
    const image = (variant.featuredAsset ?? product.featuredAsset)?.preview ?? '';
    const url = this.#options.productUrl
      .replaceAll('{slug}', encodeURIComponent(named(product).slug))
      .replaceAll('{sku}', encodeURIComponent(variant.sku));
    return {
      type: 'product',
      sku: variant.sku,
      product: String(product.id),
      title: named(variant).name,
      categories: [...new Set(codes(this.#options.categoryFacet))],
      status: variant.enabled && product.enabled ? 'active' : 'discontinued',
      ...(brand && { brand: brand.code }),
      ...(url && { url }),
      ...(/^https?:/.test(image) && { image }),
    };
  }

  async *#prices(variant, channel) {
    const has = (currency) =>
      variant.productVariantPrices.some(
        (one) => String(one.channelId) === String(channel.id) && one.currencyCode === currency,
      );
    for (const territory of territoriesIn(this.#options, channel.code)) {
      for (const currencyCode of channel.availableCurrencyCodes.filter(has)) {
        // The zone of tax may depend on the address, and is kept with the context.
        const ctx = await this.#context({ apiType: 'shop', channelOrToken: channel, currencyCode });
        const order = new Order({ shippingAddress: { countryCode: territory }, lines: [] });
        const priced = await this.#services.prices.applyChannelPriceAndTax(variant, ctx, order);
        const amount = channel.pricesIncludeTax ? priced.priceWithTax : priced.price;
        if (amount <= 0) continue;
        yield {
          type: 'price',
          sku: variant.sku,
          territory,
          price: { amount, currency: currencyCode },
          tax_included: channel.pricesIncludeTax,
          tax_rate_bp: Math.round((priced.taxRateApplied?.value ?? 0) * 100),
          ...(channel.code !== DEFAULT_CHANNEL && { channel: channel.code }),
        };
      }
    }
  }

  /** Yield what can be sold, as the shop's own strategy for stock locations counts it. */
  async *#stock(variant, sold) {
    const done = new Set();
    for (const channel of sold) {
      const ctx = await this.#context({ apiType: 'shop', channelOrToken: channel });
      const level = await this.#services.variants.getSaleableStockLevel(ctx, variant);
      const counted =
        level === Number.MAX_SAFE_INTEGER
          ? { available: null, policy: 'untracked' }
          : { available: Math.max(0, level) };
      for (const territory of territoriesIn(this.#options, channel.code)) {
        if (!done.has(territory)) yield { type: 'stock', sku: variant.sku, territory, ...counted };
        done.add(territory);
      }
    }
  }

  #order(where) {
    const relations = ['customer', 'channels', 'lines', 'lines.productVariant', 'surcharges'];
    return this.#rows(Order).findOne({ where, relations });
  }

  #orderFact(order) {
    const own = order.channels.find(({ code }) => code !== DEFAULT_CHANNEL) ?? order.channels[0];
    const territories = territoriesIn(this.#options, own.code);
    const address = order.shippingAddress?.countryCode;
    const territory = address || territories[0];
    const email = order.customer?.emailAddress;
    return {
      type: 'order',
      order: order.code,
      territory,
      placed_at: order.orderPlacedAt.toISOString(),
      status: STATUS[order.state] ?? 'placed',
      lines: order.lines.map((line) => orderLine(line, order, own)),
      ...(order.customer && { customer: String(order.customer.id) }),
      ...(email && { contact: { email } }),
      ...(order.customFields.tactfulSession && { session: order.customFields.tactfulSession }),
    };
  }

  #rows(entity) {
    return this.#services.connection.rawConnection.getRepository(entity);
  }

  #context(config = { apiType: 'admin' }) {
    return this.#services.contexts.create(config);
  }
}

function orderLine(line, order, channel) {
  const qty = Math.max(line.orderPlacedQuantity, line.quantity);
  const paid = channel.pricesIncludeTax ? line.proratedUnitPriceWithTax : line.proratedUnitPrice;
  const offer = line.customFields?.tactfulOffer;
  return {
    qty,
    unit: { amount: paid, currency: order.currencyCode },
    line: String(line.id),
    ...(line.productVariant.sku && { sku: line.productVariant.sku }),
    ...(qty > line.quantity && { cancelled_qty: qty - line.quantity }),
    ...(offer && { offer }),
  };
}

/** Return the id under which a refund is reported. */
export const refundId = (id) => `vendure-${id}`;
