/** The parts of `@tactful/checkout`, joined for this shop. */

import {
  Checkout,
  Delivery,
  EntryKind,
  HttpTransport,
  KeyCache,
  outboxEntry,
  Sweep,
  TactfulClient,
} from '@tactful/checkout';
import { Logger, VendureEvent } from '@vendure/core';

import { VendureFacts } from './facts.js';
import { usableLines } from './offers.js';
import { VendureOrders } from './orders.js';
import { VendureStore } from './store.js';

const LOG = 'Tactful';
/** Milliseconds in which events of the shop do not try a server that did not answer. */
const PAUSE_MS = 30_000;
/** Milliseconds between two looks at what is to be sent again. */
const POLL_MS = 30_000;
/** Milliseconds between two sweeps. */
const SWEEP_MS = 600_000;

/** Something was written into the outbox; its subscribers are called after the commit. */
export class TactfulOutboxEvent extends VendureEvent {
  /**
   * @param {import('@vendure/core').RequestContext} ctx
   * @param {string} subject
   */
  constructor(ctx, subject) {
    super();
    this.ctx = ctx;
    this.subject = subject;
  }
}

/** Everything that belongs to one Tactful server. */
export class TactfulBridge {
  #contexts;
  #events;
  #customers;
  #facts;
  #paused = 0;
  #sending = Promise.resolve();
  #timers = [];

  /**
   * @param {import('./index').ResolvedOptions} options
   * @param {any} services of Vendure, by the names that `plugin.js` gives them
   */
  constructor(options, services) {
    this.options = options;
    this.connection = services.connection;
    this.orders = services.orders;
    this.log = {
      error: (message) => Logger.error(message, LOG),
      warn: (message) => Logger.warn(message, LOG),
      info: (message) => Logger.info(message, LOG),
    };
    this.client = new TactfulClient(new HttpTransport(options.url, options.serverKey));
    this.keys = new KeyCache(this.client);
    this.#contexts = services.contexts;
    this.#events = services.events;
    this.#customers = services.customers;
    this.#facts = new VendureFacts(options, services);
  }

  /** Return the state machine in the transaction of a request. */
  checkoutIn(ctx) {
    const store = new VendureStore(this.connection, ctx);
    return new Checkout(this.client, store, this.#delivery(store), { log: this.log });
  }

  /** Return the lines of an order that can use their offers. */
  usableLines(ctx, order) {
    return usableLines(ctx, order, this.keys, this.options);
  }

  /** Return the id of the customer who is logged in; empty: nobody. */
  async customerOf(ctx) {
    if (!ctx.activeUserId) return '';
    const customer = await this.#customers.findOneByUserId(ctx, ctx.activeUserId);
    return customer ? String(customer.id) : '';
  }

  /** Write that facts about a subject have changed, in the transaction of a request. */
  async reportFacts(ctx, subject) {
    const store = new VendureStore(this.connection, ctx);
    await store.record(null, outboxEntry(EntryKind.FACTS, subject));
    await this.deliverAfterCommit(ctx, subject);
  }

  /** Send what the outbox has about a subject as soon as the transaction of a request is committed. */
  deliverAfterCommit(ctx, subject) {
    return this.#events.publish(new TactfulOutboxEvent(ctx, subject));
  }

  /** Report all products, prices and stock, and the orders of the last days. */
  async backfill({ days = 180 } = {}) {
    const ctx = await this.#context();
    for (const subject of ['catalogue', `orders:${days}`]) await this.reportFacts(ctx, subject);
  }

  /** Compare all holds with the shop's orders, and send what is due. */
  async sweep() {
    const ctx = await this.#context();
    const store = new VendureStore(this.connection, ctx);
    const orders = new VendureOrders(this.connection, ctx);
    const delivery = this.#delivery(store);
    const checkout = new Checkout(this.client, store, delivery, { log: this.log });
    const sweep = new Sweep(checkout, this.client, store, delivery, orders, { log: this.log });
    const report = await sweep.run();
    this.log.info(`Sweep: ${JSON.stringify(report)}`);
    return report;
  }

  /** Begin to send what is written, and, where `sweeps` says so, to repeat and to sweep. */
  start({ sweeps }) {
    this.#events.ofType(TactfulOutboxEvent).subscribe(({ subject }) => this.#kick(subject));
    if (!sweeps) return;
    this.#every(POLL_MS, () => this.#send());
    this.#every(SWEEP_MS, () => this.sweep());
  }

  /** End the timers, and wait for what is being sent. */
  async stop() {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#sending;
  }

  #every(pause, work) {
    const timer = setInterval(() => this.#queue(work), pause);
    timer.unref();
    this.#timers.push(timer);
  }

  #kick(subject) {
    if (Date.now() < this.#paused) return;
    this.#queue(async () => {
      const { waiting } = await this.#send(subject);
      if (waiting) this.#paused = Date.now() + PAUSE_MS;
    });
  }

  /** Run one piece of work after the other. */
  #queue(work) {
    this.#sending = this.#sending.then(work).catch((error) => this.log.error(`${error.stack}`));
  }

  async #send(subject) {
    const ctx = await this.#context();
    return this.#delivery(new VendureStore(this.connection, ctx)).deliver({ subject });
  }

  #delivery(store) {
    return new Delivery(this.client, store, this.#facts, { log: this.log });
  }

  #context() {
    return this.#contexts.create({ apiType: 'admin' });
  }
}
