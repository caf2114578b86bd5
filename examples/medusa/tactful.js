/**
 * Honours the offers of a Tactful server in a Medusa shop: cart, completion, cancellation, refunds.
 *
 * Everything about offers is done by `@tactful/checkout`; this file says where Medusa keeps what. A
 * cart keeps its id when it becomes an order, so all requests to Tactful name the cart.
 */

'use strict';

const {
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
} = require('@tactful/checkout');

const CART = [
  'id',
  'currency_code',
  'region_id',
  'customer_id',
  'completed_at',
  'shipping_address.country_code',
  'items.*',
  'items.adjustments.*',
  'order.id',
  'order.status',
];

/** Why nothing is charged; `code` is for the storefront. */
class OfferError extends Error {
  constructor(code) {
    super(`The offer in the cart cannot be used (${code}). Nothing was charged.`);
    this.code = code;
  }
}

/** Medusa's amounts are decimal numbers of the currency, Tactful's are integers of its minor unit. */
const minor = (amount, currency) =>
  Number(Number(amount).toFixed(digitsOf(currency)).replace('.', ''));
const major = (amount, currency) => amount / 10 ** digitsOf(currency);

class MedusaBridge {
  #platform;
  #territory;

  /**
   * @param {object} settings
   * @param {string} settings.url Tactful's address
   * @param {string} settings.serverKey a key of this shop's own, from `npx tactful-pair`
   * @param {string} settings.territory ISO 3166 code for carts without an address
   * @param {import('@tactful/checkout').CheckoutStore} settings.store in the database of the orders
   * @param {object} settings.platform `graph(question)` of Medusa's query, `addToCart(input)` and
   *   `pricesOf(cart)`, the query context of the cart's prices
   */
  constructor({ url, serverKey, territory, store, platform, ...options }) {
    this.#platform = platform;
    this.#territory = territory;
    const client = new TactfulClient(new HttpTransport(url, serverKey, options), options);
    this.keys = new KeyCache(client);
    this.delivery = new Delivery(client, store);
    this.checkout = new Checkout(client, store, this.delivery);
    this.sweep = new Sweep(this.checkout, client, store, this.delivery, this);
  }

  /** Put an accepted offer into a cart, as a line of its own; return an HTTP status and a body. */
  async take(cartId, token, quantity = 1) {
    try {
      const claims = await this.keys.verify(String(token));
      const cart = await this.#one('cart', CART, { id: cartId });
      const variant = cart && (await this.#variant(claims.sku, cart));
      if (!variant) return { status: 409, body: { code: 'offer.item' } };
      const inCart = cart.items.map((line) => line.metadata?.tactful_offer).filter(Boolean);
      const item = this.#item(cart, claims.sku, variant);
      const code = item ? reasonAgainst(claims, item, quantity, inCart) : 'offer.tax';
      if (code) return { status: 409, body: { code } };
      const line = {
        variant_id: variant.id,
        quantity,
        unit_price: major(claims.unit, claims.currency),
        metadata: { tactful_token: token, tactful_offer: claims.offer },
      };
      await this.#platform.addToCart({ cart_id: cart.id, items: [line] });
      return { status: 201, body: { offer: claims.offer } };
    } catch (error) {
      if (error instanceof TokenRefusedError) return { status: 409, body: { code: error.code } };
      if (error instanceof BridgeError) return { status: 503, body: { code: 'offer.later' } };
      throw error;
    }
  }

  /**
   * Hold the offers of a cart before its payment; return whether it uses any.
   *
   * @throws {OfferError} the offers cannot be used, or not now; nothing may be charged
   */
  async hold(cartId) {
    const cart = await this.#one('cart', CART, { id: cartId });
    const offers = cart.items.filter((line) => line.metadata?.tactful_token);
    if (!offers.length) {
      await this.checkout.release(cart.id);
      return false;
    }
    try {
      const lines = [];
      for (const line of offers) lines.push(await this.#holdLine(cart, line));
      const customer = cart.customer_id ?? undefined;
      const territory = this.#territoryOf(cart);
      await this.checkout.hold({ order: cart.id, territory, lines, customer });
      return true;
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      throw new OfferError(error.code ?? 'offer.later');
    }
  }

  /** Release what a cart holds, because its payment failed. */
  async release(cartId) {
    await this.checkout.release(cartId);
    await this.delivery.deliver({ subject: cartId });
  }

  /** Confirm the offers of an order that was placed. */
  async placed(orderId) {
    const cart = await this.#cartOf(orderId);
    if (!cart) return;
    await this.checkout.placed(cart.id, { usesOffers: usesOffers(cart) });
    await this.delivery.deliver({ subject: cart.id });
  }

  /** Give back what a cancelled order used. */
  async cancelled(orderId) {
    const cart = await this.#cartOf(orderId);
    if (!cart) return;
    await this.checkout.cancel(cart.id);
    await this.delivery.deliver({ subject: cart.id });
  }

  /** Report the refunds of a payment by their amounts; a refund that was reported changes nothing. */
  async refunded(paymentId) {
    const fields = ['currency_code', 'refunds.*', 'payment_collection.order.id'];
    const payment = await this.#one('payment', fields, { id: paymentId });
    const cart = payment && (await this.#cartOf(payment.payment_collection?.order?.id));
    if (!cart) return;
    const currency = payment.currency_code.toUpperCase();
    for (const refund of payment.refunds) {
      const amount = { amount: minor(refund.amount, currency), currency };
      await this.checkout.refund(cart.id, refund.id, { amount });
    }
    await this.delivery.deliver({ subject: cart.id });
  }

  /** For the sweep: what Medusa knows of a cart. */
  async stateOf(cartId) {
    const cart = await this.#one('cart', CART, { id: cartId });
    if (!cart) return OrderState.UNKNOWN;
    if (cart.order) {
      return cart.order.status === 'canceled' ? OrderState.CANCELLED : OrderState.PLACED;
    }
    return OrderState.PENDING;
  }

  /** For the sweep: whether a line of a placed order has the price of an offer. */
  async usesOffers(cartId) {
    return usesOffers(await this.#one('cart', CART, { id: cartId }));
  }

  /** Read back what a line will cost, so that nothing but the promise is charged. */
  async #holdLine(cart, line) {
    // The hold itself decides whether the offer still stands, so its end is not compared here.
    const claims = await this.keys.verify(line.metadata.tactful_token, { at: 0 });
    const currency = cart.currency_code.toUpperCase();
    const item = this.#item(cart, claims.sku, await this.#variant(claims.sku, cart));
    const isReduced = (line.adjustments ?? []).some(({ amount }) => Number(amount) > 0);
    if (isReduced || minor(line.unit_price, currency) !== claims.unit) {
      throw new OfferError('offer.price');
    }
    const code = item ? reasonAgainst(claims, item, Number(line.quantity), []) : 'offer.tax';
    if (code) throw new OfferError(code);
    const { tactful_token: token } = line.metadata;
    const qty = Number(line.quantity);
    return { token, sku: claims.sku, qty, unit: claims.unit, currency, line: line.id };
  }

  /** Return a variant as the shop sells it now; `null`: its price is without tax, so it is no promise. */
  #item(cart, sku, variant) {
    const price = variant?.calculated_price;
    if (!price?.is_calculated_price_tax_inclusive) return null;
    const currency = cart.currency_code.toUpperCase();
    const unit = minor(price.calculated_amount, currency);
    return { sku, territory: this.#territoryOf(cart), currency, unit };
  }

  #territoryOf(cart) {
    return (cart.shipping_address?.country_code ?? this.#territory).toUpperCase();
  }

  async #variant(sku, cart) {
    const context = { calculated_price: this.#platform.pricesOf(cart) };
    return this.#one('variant', ['id', 'sku', 'calculated_price.*'], { sku }, context);
  }

  async #cartOf(orderId) {
    const order = orderId && (await this.#one('order', ['id', 'cart.id'], { id: orderId }));
    return order?.cart ? this.#one('cart', CART, { id: order.cart.id }) : null;
  }

  async #one(entity, fields, filters, context) {
    const question = { entity, fields, filters, ...(context && { context }) };
    const { data } = await this.#platform.graph(question);
    return data[0] ?? null;
  }
}

const usesOffers = (cart) => cart.items.some((line) => line.metadata?.tactful_token);

module.exports = { MedusaBridge, OfferError };
