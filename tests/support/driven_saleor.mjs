/**
 * A stub of a Saleor shop around `examples/saleor/tactful.mjs`, with a test driver.
 *
 * A test copies both into a folder with `@tactful/checkout`, and runs `node driven_saleor.mjs URL KEY`.
 * Checkouts and orders have the shapes of Saleor's API, and promotions come off overridden prices.
 */

import { MemoryStore } from '@tactful/checkout';

import { serveDriver } from './driver_server.cjs';
import { exampleVerbs, shortPause } from './example_verbs.cjs';
import { OfferError, SaleorBridge } from './tactful.mjs';

const [, , url, serverKey] = process.argv;
const PRICE = 12900;
const SKU = 'RUN-42';
const VARIANT = 'variant-1';

/** Checkouts by id: lines with `price`, the override in cents or null. */
const checkouts = new Map();
const orders = new Map();
/** Checkout → order. */
const orderOf = new Map();
let ownPrice = PRICE;
let percent = 0;
let lastId = 0;

const newId = (kind) => {
  lastId += 1;
  return `${kind}-${lastId}`;
};
const euros = (cents) => ({ amount: cents / 100, currency: 'EUR' });
const reduced = (cents) => Math.round((cents * (100 - percent)) / 100);
const unitOf = (line) => reduced(line.price ?? ownPrice);

function shown({ id, lines }) {
  return {
    id,
    channel: { slug: 'default' },
    user: null,
    shippingAddress: null,
    lines: lines.map((line) => ({
      id: line.id,
      quantity: line.quantity,
      variant: { sku: SKU },
      unitPrice: { gross: euros(unitOf(line)) },
      metadata: line.metadata,
    })),
  };
}

const cents = (price) => Math.round(Number(price) * 100);

function add(checkout, { variantId, quantity, price = null, metadata = [] }) {
  if (variantId !== VARIANT) throw new Error(`There is no variant ${variantId}.`);
  const override = price === null ? null : cents(price);
  checkout.lines.push({ id: newId('line'), quantity, price: override, metadata });
}

const OPERATIONS = {
  TactfulCheckout: ({ id }) => ({ checkout: checkouts.has(id) ? shown(checkouts.get(id)) : null }),
  TactfulVariant: ({ sku, channel }) => ({
    productVariant:
      sku === SKU && channel === 'default'
        ? { id: VARIANT, pricing: { price: { gross: euros(reduced(ownPrice)) } } }
        : null,
  }),
  TactfulAdd({ id, lines }) {
    for (const line of lines) add(checkouts.get(id), line);
    return { checkoutLinesAdd: { checkout: shown(checkouts.get(id)), errors: [] } };
  },
  TactfulUpdate({ id, lines }) {
    for (const { lineId, price } of lines) {
      checkouts.get(id).lines.find((line) => line.id === lineId).price = cents(price);
    }
    return { checkoutLinesUpdate: { checkout: shown(checkouts.get(id)), errors: [] } };
  },
  TactfulRemove({ id, line }) {
    const checkout = checkouts.get(id);
    checkout.lines = checkout.lines.filter((one) => one.id !== line);
    return { checkoutLineDelete: { errors: [] } };
  },
  TactfulOrder: ({ id }) => ({ order: orders.get(id) ?? null }),
};

const store = new MemoryStore();
const bridge = new SaleorBridge({
  url,
  serverKey,
  territory: 'DE',
  store,
  orders: new Map(),
  graphql: async (query, variables) => OPERATIONS[/Tactful\w+/.exec(query)[0]](variables),
  timeout: 30_000,
  patience: 1500,
  sleep: shortPause,
});

const totalOf = ({ lines }) => lines.reduce((sum, line) => sum + unitOf(line) * line.quantity, 0);

/** What a storefront does after a refusal: the items stay, at the shop's own price. */
function withoutOffers(id) {
  const checkout = checkouts.get(id);
  checkout.lines = checkout.lines.map((line) => ({ ...line, price: null, metadata: [] }));
}

/** Places the order of a cart, as the verb `finish`. */
async function finish({ cart }) {
  const checkout = checkouts.get(cart);
  const charged = totalOf(checkout);
  const order = {
    id: newId('order'),
    status: 'UNFULFILLED',
    checkoutId: cart,
    lines: shown(checkout).lines,
    transactions: [{ events: [] }],
  };
  orders.set(order.id, order);
  orderOf.set(cart, order);
  checkouts.delete(cart);
  await bridge.placed(order.id);
  return { state: 'placed', order: cart, charged };
}

const VERBS = {
  ...exampleVerbs({ bridge, store, OfferError, withoutOffers, finish }),

  about: async () => ({
    name: 'examples/saleor over a stub',
    sku: SKU,
    territory: 'DE',
    currency: 'EUR',
    price: PRICE,
  }),

  async put({ cart, token, qty }) {
    if (!checkouts.has(cart)) checkouts.set(cart, { id: cart, lines: [] });
    const { status, body } = await bridge.take(cart, token, qty);
    return { refused: status === 201 ? null : body.code };
  },

  total: async ({ cart }) => ({ total: totalOf(checkouts.get(cart)) }),

  async cancel({ order: cart }) {
    const order = orderOf.get(cart);
    order.status = 'CANCELED';
    await bridge.cancelled(order.id);
    return {};
  },

  async refund({ order: cart, refund, qty }) {
    const order = orderOf.get(cart);
    const [{ events }] = order.transactions;
    const id = `${cart}-${refund}`;
    const unit = order.lines[0].unitPrice.gross.amount;
    const amount = euros(Math.round(unit * qty * 100));
    if (!events.some((event) => event.id === id)) {
      events.push({ id: newId('event'), type: 'REFUND_REQUEST', amount });
      events.push({ id, type: 'REFUND_SUCCESS', amount });
    }
    await bridge.refunded(order.id);
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
