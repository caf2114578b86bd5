/** The sweep: a comparison of all holds with the platform's orders. */

import { AttemptEvent, AttemptState, after } from './attempts.js';
import { BridgeError } from './errors.js';
import { EntryKind, outboxEntry } from './store.js';

/** What the platform knows of an order id. */
export const OrderState = Object.freeze({
  PLACED: 'placed',
  CANCELLED: 'cancelled',
  /** A payment may still be under way. */
  PENDING: 'pending',
  /** The shopper is back at the cart, or the cart is gone. */
  ABANDONED: 'abandoned',
  /** The id is not this platform's. */
  UNKNOWN: 'unknown',
});

/** Milliseconds for which a hold that the tables lack is left alone: its transaction may not be committed yet. */
export const YOUNG_MS = 120_000;

/** States in which a hold at Tactful is as the platform expects it. */
const LIVE = [
  AttemptState.ASKED,
  AttemptState.HELD,
  AttemptState.CONFIRMING,
  AttemptState.CONFIRMED,
];

/** Settles holds that no request settles any more; run it every ten minutes. */
export class Sweep {
  #checkout;
  #client;
  #store;
  #delivery;
  #orders;
  #clock;
  #log;

  /**
   * @param {import('./index').Checkout} checkout the state machine of the same store
   * @param {import('./index').TactfulClient} client the server that made the offers
   * @param {import('./index').CheckoutStore} store the platform's tables
   * @param {import('./index').Delivery} delivery sends the outbox of the same store
   * @param {import('./index').PlatformOrders} orders reads the platform's orders
   * @param {import('./index').PartOptions} [options]
   */
  constructor(checkout, client, store, delivery, orders, { clock = Date.now, log = console } = {}) {
    this.#checkout = checkout;
    this.#client = client;
    this.#store = store;
    this.#delivery = delivery;
    this.#orders = orders;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Compare both sides, and deliver what is due.
   *
   * @returns {Promise<import('./index').SweepReport>}
   */
  async run() {
    const counts = { confirmed: 0, released: 0, lapsed: 0, strays: 0, failure: '' };
    for (const attempt of await this.#store.openAttempts()) await this.#settle(attempt, counts);
    try {
      await this.#settleStrays(counts);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      counts.failure = error.message;
      this.#log.warn(`The holds of Tactful cannot be compared now: ${error.message}`);
    }
    return { ...counts, delivery: await this.#delivery.deliver() };
  }

  async #settle(attempt, counts) {
    const { order } = attempt;
    switch (await this.#orders.stateOf(order)) {
      case OrderState.PLACED: {
        const usesOffers = await this.#orders.usesOffers(order);
        await this.#checkout.placed(order, { usesOffers });
        counts[usesOffers ? 'confirmed' : 'released'] += 1;
        break;
      }
      case OrderState.ABANDONED:
      case OrderState.CANCELLED:
        await this.#checkout.release(order);
        counts.released += 1;
        break;
      default:
        if (attempt.until > this.#clock()) break;
        // Tactful ends the hold by itself. A payment that ends later is still confirmed.
        await this.#store.record(after(attempt, AttemptEvent.EXPIRED));
        counts.lapsed += 1;
    }
  }

  /**
   * Settle holds that Tactful has and the tables do not.
   *
   * A hold may reach Tactful after its cancellation, or the platform has restored a backup. Ids that
   * the platform does not know belong to another shop system of the same server; their holds lapse
   * by themselves.
   */
  async #settleStrays(counts) {
    for (const row of await this.#client.redemptions({ state: 'held' })) {
      const number = 'attempt' in row ? row.attempt : 1;
      if (!Number.isInteger(number) || this.#clock() - Date.parse(row.at) < YOUNG_MS) continue;
      const order = String(row.order ?? '');
      const known = await this.#store.latestAttempt(order);
      if (known && known.number === number && LIVE.includes(known.state)) continue;
      const entry = await this.#entryFor(order, number, known);
      if (entry) {
        await this.#store.record(null, entry);
        counts.strays += 1;
      }
    }
  }

  /** Return what settles a stray hold; `null`: it is not this platform's, or not decided yet. */
  async #entryFor(order, number, known) {
    const state = await this.#orders.stateOf(order);
    if (state === OrderState.UNKNOWN || state === OrderState.PENDING) return null;
    const body = { attempt: number };
    const hasNoOther = known === null || known.state === AttemptState.LOST;
    if (state === OrderState.PLACED && hasNoOther && (await this.#orders.usesOffers(order))) {
      return outboxEntry(EntryKind.CONFIRM, order, body, number);
    }
    return outboxEntry(EntryKind.CANCEL, order, body);
  }
}
