/** The parts of the library, joined around a model of the server. */

import {
  Checkout,
  Delivery,
  MemoryStore,
  OrderState,
  Sweep,
  TactfulClient,
} from '../../src/index.js';
import { ModelServer } from './model_server.js';

/** One platform with its bridge. */
export class Bridge {
  store = new MemoryStore();
  states = new Map();
  withoutOffers = new Set();
  facts = new Map();
  said = [];

  constructor(server = new ModelServer()) {
    const { clock, sleep } = server;
    const say = (message) => this.said.push(message);
    const options = { clock, log: { error: say, warn: say } };
    this.server = server;
    this.client = new TactfulClient(server, { clock, sleep, random: () => 1 });
    const facts = { factsOf: (subject) => this.facts.get(subject) ?? [] };
    this.delivery = new Delivery(this.client, this.store, facts, options);
    this.checkout = new Checkout(this.client, this.store, this.delivery, options);
    const orders = {
      stateOf: async (order) => this.states.get(order) ?? OrderState.UNKNOWN,
      usesOffers: async (order) => !this.withoutOffers.has(order),
    };
    const parts = [this.checkout, this.client, this.store, this.delivery, orders];
    this.sweep = new Sweep(...parts, options);
  }

  /** The state of the order's latest attempt. */
  async stateOf(order = 'o1') {
    return (await this.store.latestAttempt(order))?.state;
  }
}

/** A request for an order of one unit for each token. */
export const holdRequest = (order = 'o1', ...tokens) => ({
  order,
  territory: 'DE',
  lines: (tokens.length ? tokens : ['t1']).map((token) => ({
    token,
    sku: `SKU-${token}`,
    qty: 1,
    unit: 10965,
    currency: 'EUR',
    line: token,
  })),
});
