/**
 * Honours the offers of a Tactful server in a Saleor shop, as a Saleor app.
 *
 * Everything about offers is done by `@tactful/checkout`; this file says where Saleor keeps what. An
 * order knows its checkout, so all requests to Tactful name the checkout.
 */

import {
  BridgeError,
  Checkout,
  Delivery,
  digitsOf,
  HttpTransport,
  KeyCache,
  OrderState,
  reasonAgainst,
  Sweep,
  TactfulClient,
  TokenRefusedError,
} from '@tactful/checkout';

const LINE = `id quantity variant { sku } unitPrice { gross { amount currency } } metadata { key value }`;
const CHECKOUT = `id channel { slug } user { id } shippingAddress { country { code } } lines { ${LINE} }`;
const ORDER = `id status checkoutId lines { metadata { key value } }
  transactions { events { id type amount { amount currency } } }`;

const QUERIES = {
  checkout: `query TactfulCheckout($id: ID!) { checkout(id: $id) { ${CHECKOUT} } }`,
  variant: `query TactfulVariant($sku: String!, $channel: String!) {
    productVariant(sku: $sku, channel: $channel) { id pricing { price { gross { amount currency } } } } }`,
  add: `mutation TactfulAdd($id: ID!, $lines: [CheckoutLineInput!]!) {
    checkoutLinesAdd(id: $id, lines: $lines) { checkout { ${CHECKOUT} } errors { message } } }`,
  update: `mutation TactfulUpdate($id: ID!, $lines: [CheckoutLineUpdateInput!]!) {
    checkoutLinesUpdate(id: $id, lines: $lines) { checkout { ${CHECKOUT} } errors { message } } }`,
  remove: `mutation TactfulRemove($id: ID!, $line: ID!) {
    checkoutLineDelete(id: $id, lineId: $line) { errors { message } } }`,
  order: `query TactfulOrder($id: ID!) { order(id: $id) { ${ORDER} } }`,
};

/** Why nothing may be charged; `code` is for the storefront. */
export class OfferError extends Error {
  constructor(code) {
    super(`The offer in the checkout cannot be used (${code}). Nothing was charged.`);
    this.code = code;
  }
}

/** Saleor's amounts are decimal numbers of the currency, Tactful's are integers of its minor unit. */
const minor = ({ amount, currency }) =>
  Number(Number(amount).toFixed(digitsOf(currency)).replace('.', ''));
const major = (amount, currency) => (amount / 10 ** digitsOf(currency)).toFixed(digitsOf(currency));
const kept = ({ metadata }, name) => metadata.find(({ key }) => key === name)?.value;
const offerOf = (line) => kept(line, 'tactful_offer');

export class SaleorBridge {
  #graphql;
  #territory;
  #orders;

  /**
   * @param {object} settings
   * @param {string} settings.url Tactful's address
   * @param {string} settings.serverKey a key of this shop's own, from `npx tactful-pair`
   * @param {string} settings.territory ISO 3166 code for checkouts without an address
   * @param {import('@tactful/checkout').CheckoutStore} settings.store in the app's database
   * @param {Map<string, string>} settings.orders checkout → order, in the app's database: Saleor
   *   deletes a checkout when its order is made
   * @param {(query: string, variables: object) => Promise<object>} settings.graphql sends an
   *   operation with the app's token, which needs HANDLE_CHECKOUTS and MANAGE_ORDERS
   */
  constructor({ url, serverKey, territory, store, orders, graphql, ...options }) {
    this.#graphql = graphql;
    this.#territory = territory;
    this.#orders = orders;
    const client = new TactfulClient(new HttpTransport(url, serverKey, options), options);
    this.keys = new KeyCache(client);
    this.delivery = new Delivery(client, store);
    this.checkout = new Checkout(client, store, this.delivery);
    this.sweep = new Sweep(this.checkout, client, store, this.delivery, this);
  }

  /** Put an accepted offer into a checkout, as a line of its own; return an HTTP status and a body. */
  async take(checkoutId, token, quantity = 1) {
    try {
      const claims = await this.keys.verify(String(token));
      const checkout = await this.#checkoutOf(checkoutId);
      const item = checkout && (await this.#item(checkout, claims.sku));
      if (!item) return { status: 409, body: { code: 'offer.item' } };
      const inCart = checkout.lines.map(offerOf).filter(Boolean);
      const code =
        reasonAgainst(claims, item, quantity, inCart) ??
        (await this.#add(checkout.id, item, claims, token, quantity));
      return code ? { status: 409, body: { code } } : { status: 201, body: { offer: claims.offer } };
    } catch (error) {
      if (error instanceof TokenRefusedError) return { status: 409, body: { code: error.code } };
      if (error instanceof BridgeError) return { status: 503, body: { code: 'offer.later' } };
      throw error;
    }
  }

  /**
   * Hold the offers of a checkout before its payment.
   *
   * @throws {OfferError} the offers cannot be used, or not now; nothing may be charged
   */
  async hold(checkoutId) {
    const checkout = await this.#checkoutOf(checkoutId);
    const offers = checkout.lines.filter(offerOf);
    if (!offers.length) {
      await this.checkout.release(checkout.id);
      return;
    }
    try {
      const lines = [];
      for (const line of offers) lines.push(await this.#holdLine(checkout, line));
      const territory = this.#territoryOf(checkout);
      const customer = checkout.user?.id;
      await this.checkout.hold({ order: checkout.id, territory, lines, customer });
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      throw new OfferError(error.code ?? 'offer.later');
    }
  }

  /** Release what a checkout holds, because its payment failed or the shopper came back. */
  async release(checkoutId) {
    await this.checkout.release(checkoutId);
    await this.delivery.deliver({ subject: checkoutId });
  }

  /** Confirm the offers of a new order (ORDER_CREATED). */
  async placed(orderId) {
    const order = await this.#orderOf(orderId);
    this.#orders.set(order.checkoutId, order.id);
    await this.checkout.placed(order.checkoutId, { usesOffers: order.lines.some(offerOf) });
    await this.delivery.deliver({ subject: order.checkoutId });
  }

  /** Give back what an order used (ORDER_CANCELLED, ORDER_EXPIRED). */
  async cancelled(orderId) {
    const { checkoutId } = await this.#orderOf(orderId);
    await this.checkout.cancel(checkoutId);
    await this.delivery.deliver({ subject: checkoutId });
  }

  /** Report the refunds of an order by their amounts (ORDER_REFUNDED); a known one changes nothing. */
  async refunded(orderId) {
    const { checkoutId, transactions } = await this.#orderOf(orderId);
    const events = transactions.flatMap((one) => one.events);
    for (const { id, amount } of events.filter(({ type }) => type === 'REFUND_SUCCESS')) {
      const money = { amount: minor(amount), currency: amount.currency };
      await this.checkout.refund(checkoutId, id, { amount: money });
    }
    await this.delivery.deliver({ subject: checkoutId });
  }

  /** For the sweep: what Saleor knows of a checkout. */
  async stateOf(checkoutId) {
    const orderId = this.#orders.get(checkoutId);
    if (orderId) {
      const { status } = await this.#orderOf(orderId);
      return ['CANCELED', 'EXPIRED'].includes(status) ? OrderState.CANCELLED : OrderState.PLACED;
    }
    return (await this.#checkoutOf(checkoutId)) ? OrderState.PENDING : OrderState.UNKNOWN;
  }

  /** For the sweep: whether a line of a placed order has the price of an offer. */
  async usesOffers(checkoutId) {
    return (await this.#orderOf(this.#orders.get(checkoutId))).lines.some(offerOf);
  }

  /**
   * Add a line, and read its price back; return why it cannot be sold at the promise, or null.
   *
   * A running promotion comes off the overridden price too. The override is then raised so that the
   * promise is what remains; where that is not exact, the line is removed again.
   */
  async #add(checkoutId, item, claims, token, quantity) {
    const metadata = [
      { key: 'tactful_offer', value: claims.offer },
      { key: 'tactful_token', value: token },
    ];
    const price = major(claims.unit, claims.currency);
    const line = { variantId: item.variantId, quantity, price, forceNewLine: true, metadata };
    const reason = { priceOverrideReason: `Tactful offer ${claims.offer}` };
    const variables = { id: checkoutId, lines: [{ ...line, ...reason }] };
    const { checkoutLinesAdd: added } = await this.#graphql(QUERIES.add, variables);
    if (added.errors.length) return 'offer.item';
    let found = added.checkout.lines.find((one) => offerOf(one) === claims.offer);
    const charged = minor(found.unitPrice.gross);
    if (charged === claims.unit) return null;
    if (charged > 0) {
      const raised = major(Math.round(claims.unit ** 2 / charged), claims.currency);
      const change = { lineId: found.id, quantity, price: raised, ...reason };
      const { checkoutLinesUpdate: updated } = await this.#graphql(QUERIES.update, {
        id: checkoutId,
        lines: [change],
      });
      found = updated.checkout?.lines.find((one) => offerOf(one) === claims.offer);
      if (found && minor(found.unitPrice.gross) === claims.unit) return null;
    }
    await this.#graphql(QUERIES.remove, { id: checkoutId, line: found.id });
    return 'offer.price';
  }

  /** Read back what a line will cost, so that nothing but the promise is charged. */
  async #holdLine(checkout, line) {
    const token = kept(line, 'tactful_token');
    // The hold itself decides whether the offer still stands, so its end is not compared here.
    const claims = await this.keys.verify(token, { at: 0 });
    if (minor(line.unitPrice.gross) !== claims.unit) throw new OfferError('offer.price');
    const item = await this.#item(checkout, claims.sku);
    const code = item ? reasonAgainst(claims, item, line.quantity, []) : 'offer.item';
    if (code) throw new OfferError(code);
    const { sku, unit, currency } = claims;
    return { token, sku, qty: line.quantity, unit, currency, line: line.id };
  }

  /** Return an item as the channel sells it now, with its running promotions; null: it does not. */
  async #item(checkout, sku) {
    const variables = { sku, channel: checkout.channel.slug };
    const { productVariant: variant } = await this.#graphql(QUERIES.variant, variables);
    const price = variant?.pricing?.price?.gross;
    if (!price) return null;
    const territory = this.#territoryOf(checkout);
    const { currency } = price;
    return { variantId: variant.id, sku, territory, currency, unit: minor(price) };
  }

  #territoryOf(checkout) {
    return checkout.shippingAddress?.country.code ?? this.#territory;
  }

  async #checkoutOf(id) {
    return (await this.#graphql(QUERIES.checkout, { id })).checkout;
  }

  async #orderOf(id) {
    return (await this.#graphql(QUERIES.order, { id })).order;
  }
}
