/** The state machine of a checkout: hold, confirm, release, cancel, refund. */

import { AttemptEvent, AttemptState, after, isOpen } from './attempts.js';
import { OutcomeUnknownError, RefusedError } from './errors.js';
import { EntryKind, outboxEntry } from './store.js';

/** Seconds of a hold: longer than shoppers need for a bank's page. */
export const HOLD_S = 1_800;
/** Attempt numbers that are tried before a hold counts as refused. */
const FRESH_NUMBERS = 3;
/** Codes for an attempt number that this order has used before, though the platform's table lacks it. */
const NUMBER_IS_TAKEN = ['redemption.cancelled', 'redemption.mismatch'];

/**
 * Return the body of `POST /v1/redemptions` for one attempt.
 *
 * @param {import('./index').HoldRequest} request
 * @param {number} number the attempt's number
 */
export function bodyOf(request, number) {
  const lines = request.lines.map((one) => ({
    sku: one.sku,
    qty: one.qty,
    unit: { amount: one.unit, currency: one.currency },
    ...(one.line && { line: one.line }),
  }));
  return {
    tokens: request.lines.map((line) => line.token),
    order: request.order,
    attempt: number,
    hold: request.seconds ?? HOLD_S,
    territory: request.territory,
    lines,
    ...(request.customer && { customer: request.customer }),
    ...(request.session && { session: request.session }),
  };
}

/** Honours offers exactly once, whatever fails between platform and Tactful. */
export class Checkout {
  #client;
  #store;
  #delivery;
  #clock;
  #log;

  /**
   * @param {import('./index').TactfulClient} client the server that made the offers
   * @param {import('./index').CheckoutStore} store the platform's tables
   * @param {import('./index').Delivery} delivery sends the outbox of the same store
   * @param {import('./index').PartOptions} [options]
   */
  constructor(client, store, delivery, { clock = Date.now, log = console } = {}) {
    this.#client = client;
    this.#store = store;
    this.#delivery = delivery;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Hold the offers of an order before its payment, and return the attempt.
   *
   * The same request for an order that already holds them is answered alike. An order whose lines
   * have changed since releases what it held, and holds anew.
   *
   * @param {import('./index').HoldRequest} request
   * @returns {Promise<import('./index').Attempt>}
   * @throws {RefusedError} the offers cannot be used; nothing is held, and nothing may be charged
   * @throws {OutcomeUnknownError} it is not known whether they are held; nothing may be charged, and
   *   the shopper tries again, or the platform releases the attempt
   */
  async hold(request) {
    const latest = await this.#withoutOpenDifferences(request);
    let number = latest === null ? 1 : latest.number + (isOpen(latest) ? 0 : 1);
    let refusal = new RefusedError(409, 'redemption.lapsed');
    for (let tries = 0; tries < FRESH_NUMBERS; tries += 1) {
      try {
        const attempt = await this.#ask(request, number);
        if (attempt.state === AttemptState.HELD) return attempt;
        number += 1;
      } catch (error) {
        if (!(error instanceof RefusedError) || !NUMBER_IS_TAKEN.includes(error.code)) throw error;
        refusal = error;
        number = 1 + Math.max(number, await this.#highestNumber(request.order));
      }
    }
    throw refusal;
  }

  /**
   * Note that an order was placed, in the transaction of the platform that places it.
   *
   * @param {string} order the platform's id of the order
   * @param {{usesOffers: boolean}} facts whether a line of the order has the price of an offer
   */
  async placed(order, { usesOffers }) {
    const attempt = await this.#store.latestAttempt(order);
    if (attempt === null) {
      if (usesOffers) {
        this.#log.error(`Order ${order} was placed at the price of an offer that was never held.`);
      }
      return;
    }
    if (!usesOffers) {
      await this.release(order);
      return;
    }
    const placed = after(attempt, AttemptEvent.PLACED);
    if (placed.state === attempt.state) return;
    if (placed.state === AttemptState.LOST) {
      this.#log.error(
        `Order ${order} was placed at the price of an offer after the offer was released. ` +
          'The order stands; the redemption is not recorded.',
      );
      await this.#store.record(placed);
      return;
    }
    const { number } = attempt;
    const entry = outboxEntry(EntryKind.CONFIRM, order, { attempt: number }, number);
    await this.#store.record(placed, entry);
  }

  /**
   * Abandon the open attempt of an order: its payment failed, or the shopper went back.
   *
   * Orders that were placed are not touched; `cancel` is for them.
   */
  async release(order) {
    const attempt = await this.#store.latestAttempt(order);
    if (attempt !== null && isOpen(attempt)) {
      await this.#recordCancellation(attempt, { attempt: attempt.number });
    }
  }

  /** Give back everything that a cancelled order used; an order without offers is ignored. */
  async cancel(order) {
    const attempt = await this.#store.latestAttempt(order);
    if (attempt === null) return;
    if (after(attempt, AttemptEvent.ABANDONED).state !== attempt.state) {
      await this.#recordCancellation(attempt, {});
    }
  }

  /**
   * Report a refund of lines that used offers; an order without a redemption is ignored.
   *
   * @param {string} order the platform's id of the order
   * @param {string} refund the platform's id of the refund; a repetition changes nothing
   * @param {import('./index').Refunded} what the returned units, or the minor units that were paid
   *   back where no lines are known
   */
  async refund(order, refund, { lines = [], amount }) {
    const attempt = await this.#store.latestAttempt(order);
    const hasRedemption = [AttemptState.CONFIRMING, AttemptState.CONFIRMED];
    if (attempt === null || !hasRedemption.includes(attempt.state)) return;
    const body = { refund, ...(amount ? { amount } : { lines }) };
    await this.#store.record(null, outboxEntry(EntryKind.REFUND, order, body));
  }

  /** Return the latest attempt, after an open one for other lines was released. */
  async #withoutOpenDifferences(request) {
    const { order } = request;
    if (!(await this.#delivery.deliverAll(order))) {
      throw new OutcomeUnknownError(
        `What was released for order ${order} has not reached Tactful yet.`,
      );
    }
    let latest = await this.#store.latestAttempt(order);
    if (latest !== null && isOpen(latest) && latest.until <= this.#clock()) {
      latest = after(latest, AttemptEvent.EXPIRED);
      await this.#store.record(latest);
    }
    if (latest === null) return null;
    if ([AttemptState.CONFIRMING, AttemptState.CONFIRMED].includes(latest.state)) {
      throw new RefusedError(409, 'order.placed', `Order ${order} was placed already.`);
    }
    if (!isOpen(latest) || isFor(latest, request)) return latest;
    await this.release(order);
    return this.#withoutOpenDifferences(request);
  }

  /** Ask for one attempt, which is stored first: after the request it may be held. */
  async #ask(request, number) {
    const body = bodyOf(request, number);
    const now = this.#clock();
    const attempt = {
      order: request.order,
      number,
      state: AttemptState.ASKED,
      request: body,
      until: now + body.hold * 1000,
    };
    await this.#store.record(attempt);
    let answer;
    try {
      answer = await this.#client.redeem(body);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.code === 'redemption.holder' && request.customer) {
        // The session accepted the offer and never identified its customer, for want of consent.
        // A token that another customer accepted is refused without one too.
        return this.#ask({ ...request, customer: '' }, number);
      }
      await this.#store.record(after(attempt, AttemptEvent.HOLD_REFUSED));
      throw error;
    }
    const until = untilOf(answer, attempt.until);
    // A repetition gets the first answer, also when that hold has lapsed since.
    const event = until > now ? AttemptEvent.HOLD_ANSWERED : AttemptEvent.EXPIRED;
    const held = { ...after(attempt, event), until };
    await this.#store.record(held);
    return held;
  }

  async #highestNumber(order) {
    const rows = await this.#client.redemptions({ order });
    const numbers = rows.map((row) => row.attempt).filter(Number.isInteger);
    return Math.max(0, ...numbers);
  }

  async #recordCancellation(attempt, body) {
    const entry = outboxEntry(EntryKind.CANCEL, attempt.order, body, attempt.number);
    await this.#store.record(after(attempt, AttemptEvent.ABANDONED), entry);
  }
}

/** Whether an open attempt asked for exactly this, with its customer or without. */
function isFor(attempt, request) {
  const asked = sorted(attempt.request);
  const same = [request, { ...request, customer: '' }];
  return same.some((one) => sorted(bodyOf(one, attempt.number)) === asked);
}

/** JSON with sorted keys: databases with a type for JSON do not keep their order. */
const sorted = (value) =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/**
 * Return when the hold of an answer ends, in milliseconds since the Unix epoch, UTC.
 *
 * @param {any} answer the answer to a hold; `until` stands beside `state` or in each redemption
 * @param {number} otherwise the result where the answer names no end
 */
export function untilOf(answer, otherwise) {
  const rows = Array.isArray(answer.redemptions) ? answer.redemptions : [];
  const ends = [answer, ...rows].map((place) => Date.parse(place?.until)).filter(Number.isFinite);
  return ends.length ? Math.min(...ends) : otherwise;
}
