/**
 * A stub of a Medusa shop around `examples/medusa/tactful.js`, with a test driver.
 *
 * A test copies both into a folder with `@tactful/checkout`, and runs `node driven_medusa.cjs URL KEY`.
 * Carts and orders have the shapes of Medusa's queries.
 */

'use strict';

const { MemoryStore } = require('@tactful/checkout');

const { serveDriver } = require('./driver_server.cjs');
const { exampleVerbs, shortPause } = require('./example_verbs.cjs');
const { MedusaBridge, OfferError } = require('./tactful.js');

const [, , url, serverKey] = process.argv;
const PRICE = 12900;
const VARIANT = { id: 'variant_1', sku: 'RUN-42' };

/** Rows of Medusa by their id. */
const carts = new Map();
const orders = new Map();
const payments = new Map();
let ownPrice = PRICE;
let percent = 0;

/** A cart as Medusa's query returns it: with its promotions applied. */
function shownCart(cart) {
  const reduction = (line) => (line.unit_price * line.quantity * percent) / 100;
  const items = cart.items.map((line) => ({
    ...line,
    adjustments: percent ? [{ amount: reduction(line) }] : [],
  }));
  return { ...cart, items };
}

const ROWS = {
  cart: ({ id }) => carts.has(id) && shownCart(carts.get(id)),
  order: ({ id }) => orders.get(id),
  payment: ({ id }) => payments.get(id),
  variant: ({ sku }, { calculated_price: prices }) =>
    sku === VARIANT.sku &&
    prices.currency_code === 'eur' && {
      ...VARIANT,
      calculated_price: {
        calculated_amount: ownPrice / 100,
        is_calculated_price_tax_inclusive: true,
      },
    },
};

function addToCart({ cart_id: id, items }) {
  const cart = carts.get(id);
  for (const item of items) cart.items.push({ id: `line_${cart.items.length + 1}`, ...item });
}

const store = new MemoryStore();
const bridge = new MedusaBridge({
  url,
  serverKey,
  territory: 'de',
  store,
  platform: {
    graph: async ({ entity, filters, context }) => {
      const found = ROWS[entity](filters, context);
      return { data: found ? [found] : [] };
    },
    addToCart: async (input) => addToCart(input),
    pricesOf: (cart) => ({ region_id: cart.region_id, currency_code: cart.currency_code }),
  },
  timeout: 30_000,
  patience: 1500,
  sleep: shortPause,
});

function totalOf(cart) {
  const paid = shownCart(cart).items.map((line) => {
    const reduced = line.adjustments.reduce((sum, { amount }) => sum + amount, 0);
    return line.unit_price * line.quantity - reduced;
  });
  return Math.round(paid.reduce((sum, amount) => sum + amount, 0) * 100);
}

/** What a storefront does after a refusal: the items stay, at the shop's own price. */
function withoutOffers(id) {
  const cart = carts.get(id);
  const lines = cart.items.filter((line) => line.metadata?.tactful_token);
  cart.items = cart.items.filter((line) => !lines.includes(line));
  for (const { quantity } of lines) {
    const line = { variant_id: VARIANT.id, quantity, unit_price: ownPrice / 100 };
    addToCart({ cart_id: cart.id, items: [line] });
  }
}

/** Places the order of a cart, as the verb `finish`. */
async function finish({ cart }) {
  const row = carts.get(cart);
  const order = { id: `order_${orders.size + 1}`, status: 'pending', cart: { id: cart } };
  orders.set(order.id, order);
  row.order = order;
  const payment = { currency_code: 'eur', refunds: [], payment_collection: { order } };
  payments.set(`pay_${cart}`, payment);
  await bridge.placed(order.id);
  return { state: 'placed', order: cart, charged: totalOf(row) };
}

const VERBS = {
  ...exampleVerbs({ bridge, store, OfferError, withoutOffers, finish }),

  about: async () => ({
    name: 'examples/medusa over a stub',
    sku: VARIANT.sku,
    territory: 'DE',
    currency: 'EUR',
    price: PRICE,
  }),

  async put({ cart, token, qty }) {
    if (!carts.has(cart)) {
      carts.set(cart, { id: cart, currency_code: 'eur', region_id: 'r', items: [], order: null });
    }
    const { status, body } = await bridge.take(cart, token, qty);
    return { refused: status === 201 ? null : body.code };
  },

  total: async ({ cart }) => ({ total: totalOf(carts.get(cart)) }),

  async cancel({ order: cart }) {
    const { order } = carts.get(cart);
    order.status = 'canceled';
    await bridge.cancelled(order.id);
    return {};
  },

  async refund({ order: cart, refund, qty }) {
    const { refunds } = payments.get(`pay_${cart}`);
    const [line] = carts.get(cart).items;
    const row = { id: `${cart}-${refund}`, amount: line.unit_price * qty };
    if (!refunds.some(({ id }) => id === row.id)) refunds.push(row);
    await bridge.refunded(`pay_${cart}`);
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
};

serveDriver(VERBS);
