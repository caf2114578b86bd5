/**
 * A shop on `@tactful/checkout` with a test driver, as `tactful connect bridge` needs it.
 *
 * Run it with `node driven_shop.js URL KEY`: it prints the address of its driver. Carts, orders and
 * prices are in memory; everything that touches offers is the library's.
 */

import {
  BridgeError,
  Checkout,
  Delivery,
  HttpTransport,
  KeyCache,
  MemoryStore,
  OrderState,
  priceOf,
  RefusedError,
  reasonAgainst,
  Sweep,
  TactfulClient,
  TokenRefusedError,
} from '../../src/index.js';
import { serveDriver } from './driver_server.cjs';

const [, , url, key] = process.argv;
const ITEM = { sku: 'RUN-42', territory: 'DE', currency: 'EUR' };
const PRICE = 12900;

// Pauses are cut short, so that a run is.
const sleep = (pause) => new Promise((done) => setTimeout(done, Math.min(pause, 20)));
const client = new TactfulClient(new HttpTransport(url, key, { timeout: 30_000 }), {
  patience: 1500,
  sleep,
});
const store = new MemoryStore();
const keys = new KeyCache(client);
const delivery = new Delivery(client, store);
const checkout = new Checkout(client, store, delivery);
const sweep = new Sweep(checkout, client, store, delivery, {
  stateOf: async (order) => orders.get(order)?.state ?? OrderState.UNKNOWN,
  usesOffers: async (order) => orders.get(order).price.usesOffer,
});

/** Carts by name: `claims` and `qty` of the line with an offer, and `more` units at the own price. */
const carts = new Map();
/** Orders by id: `cart`, `state`, `price`. */
const orders = new Map();
/** The id of the order of a cart that is not placed yet. */
const orderOf = new Map();
let ownPrice = PRICE;
let percent = 0;

const item = () => ({ ...ITEM, unit: ownPrice });
const priceIn = (cart) => priceOf(cart.claims, item(), cart.qty || cart.more);

function amountOf(cart, price) {
  const own = Math.floor((ownPrice * (100 - percent)) / 100);
  return cart.qty * (price.usesOffer ? price.unit : own) + cart.more * own;
}

const VERBS = {
  about: async () => ({ name: 'a shop on @tactful/checkout', ...ITEM, price: PRICE }),

  async put({ cart, token, qty }) {
    if (!carts.has(cart)) carts.set(cart, { token: '', claims: null, qty: 0, more: 0 });
    const mine = carts.get(cart);
    let claims;
    try {
      claims = await keys.verify(token);
    } catch (error) {
      if (error instanceof TokenRefusedError) return { refused: error.code };
      throw error;
    }
    const refused = reasonAgainst(claims, item(), qty, mine.claims ? [mine.claims.offer] : []);
    if (refused === null) Object.assign(mine, { token, claims, qty });
    return { refused };
  },

  total: async ({ cart }) => ({ total: amountOf(carts.get(cart), priceIn(carts.get(cart))) }),

  async pay({ cart, card }) {
    const mine = carts.get(cart);
    if (!orderOf.has(cart)) orderOf.set(cart, `o${orders.size + 1}`);
    const name = orderOf.get(cart);
    const order = { cart: mine, state: OrderState.PENDING, price: priceIn(mine) };
    orders.set(name, order);
    if (order.price.usesOffer) {
      const { token, qty } = mine;
      const { sku, territory, currency } = ITEM;
      const lines = [{ token, sku, qty, unit: order.price.unit, currency }];
      try {
        await checkout.hold({ order: name, territory, lines });
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error;
        order.state = OrderState.ABANDONED;
        if (error instanceof RefusedError) {
          Object.assign(mine, { claims: null, more: qty, qty: 0 });
        }
        return { state: 'refused' };
      }
    }
    if (card === 'declined') {
      await VERBS.back({ cart });
      return { state: 'declined' };
    }
    return card === 'bank' ? { state: 'waiting', order: name } : VERBS.finish({ cart });
  },

  async finish({ cart }) {
    const name = orderOf.get(cart);
    orderOf.delete(cart);
    const order = orders.get(name);
    order.state = OrderState.PLACED;
    await checkout.placed(name, { usesOffers: order.price.usesOffer });
    await delivery.deliver({ subject: name });
    return { state: 'placed', order: name, charged: amountOf(order.cart, order.price) };
  },

  async back({ cart }) {
    const name = orderOf.get(cart);
    orders.get(name).state = OrderState.ABANDONED;
    await checkout.release(name);
    await delivery.deliver({ subject: name });
    return {};
  },

  async cancel({ order }) {
    orders.get(order).state = OrderState.CANCELLED;
    await checkout.cancel(order);
    await delivery.deliver({ subject: order });
    return {};
  },

  async refund({ order, refund, qty }) {
    await checkout.refund(order, refund, { lines: [{ sku: ITEM.sku, qty }] });
    await delivery.deliver({ subject: order });
    return {};
  },

  async price({ amount }) {
    ownPrice = amount;
    return {};
  },

  async promotion(asked) {
    percent = asked.percent;
    return {};
  },

  async settle() {
    for (const row of store.waiting.values()) row.notBefore = 0;
    await sweep.run();
    return {};
  },
};

serveDriver(VERBS);
