/** Client of Tactful's HTTP API that repeats a request until its outcome is known. */

import { setTimeout as pauseFor } from 'node:timers/promises';

import { OutcomeUnknownError, RefusedError } from './errors.js';

/** Milliseconds after which a request with an unknown outcome is given up: a shopper is waiting. */
export const PATIENCE_MS = 8_000;
export const FIRST_PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 2_000;
/** Statuses below 500 that say nothing about the outcome. */
const AGAIN = [408, 425, 429];
/** Facts in one request: far below the server's limit of bytes. */
const MOST_FACTS = 500;

/** Redemptions and facts of one Tactful server. */
export class TactfulClient {
  #transport;
  #patience;
  #clock;
  #sleep;
  #random;

  /**
   * @param {import('./index').Transport} transport sends one request
   * @param {import('./index').ClientOptions} [options]
   */
  constructor(transport, options = {}) {
    this.#transport = transport;
    this.#patience = options.patience ?? PATIENCE_MS;
    this.#clock = options.clock ?? Date.now;
    this.#sleep = options.sleep ?? ((pause) => pauseFor(pause));
    this.#random = options.random ?? Math.random;
  }

  /**
   * Redeem or hold offers for an order, and return the answer. A repetition must have the same body.
   *
   * @throws {RefusedError} Tactful refused it; nothing was redeemed
   * @throws {OutcomeUnknownError} it may have been redeemed; repeat the same request
   */
  redeem(body) {
    return this.ask('POST', '/v1/redemptions', body);
  }

  /** Return the redemptions of an order or in a state, as Tactful has them now. */
  async redemptions({ order = '', state = '' } = {}) {
    const query = new URLSearchParams(order ? { order } : { state });
    const found = [];
    for (;;) {
      const page = await this.ask('GET', `/v1/redemptions?${query}`);
      const rows = Array.isArray(page.redemptions) ? page.redemptions : [];
      found.push(...rows.filter((row) => typeof row === 'object' && row !== null));
      if (typeof page.next !== 'string' || !page.next) return found;
      query.set('after', page.next);
    }
  }

  /**
   * Report facts, and return those that were rejected, each with `index`, `code` and `message`.
   *
   * @param {Iterable<object> | AsyncIterable<object>} facts in any number; they are sent in parts
   * @param {{patience?: number}} [options] milliseconds, as in `ask`
   * @throws {RefusedError} Tactful refused a request as a whole
   * @throws {OutcomeUnknownError} some were perhaps not taken; report all of them again
   */
  async report(facts, options) {
    const rejected = [];
    let start = 0;
    for await (const part of partsOf(facts)) {
      const answer = await this.ask('POST', '/v1/facts', part, options);
      const rows = Array.isArray(answer.rejected) ? answer.rejected : [];
      rejected.push(...rows.map((row) => ({ ...row, index: start + row.index })));
      start += part.length;
    }
    return rejected;
  }

  /**
   * Repeat a request until its outcome is known or the patience is over.
   *
   * @param {string} method
   * @param {string} path the path, with its query
   * @param {unknown} [body] the JSON body
   * @param {{patience?: number}} [options] milliseconds, instead of the client's; 0: sent once
   * @throws {RefusedError} the outcome is a refusal
   * @throws {OutcomeUnknownError} the outcome is still unknown
   */
  async ask(method, path, body, { patience = this.#patience } = {}) {
    const end = this.#clock() + patience;
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      // Servers of one shop that fail at the same moment must not all come back at the same moment.
      let wait = Math.round(pause * (0.5 + this.#random() / 2));
      let failure;
      try {
        const answer = await this.#transport.send(method, path, body);
        const known = outcomeOf(answer);
        if (known) return known;
        failure = new OutcomeUnknownError(`${method} ${path}: status ${answer.status}.`);
        wait = Math.max(wait, 1000 * (answer.retryAfter ?? 0));
      } catch (error) {
        if (!(error instanceof OutcomeUnknownError)) throw error;
        failure = error;
      }
      if (this.#clock() + wait >= end) throw failure;
      await this.#sleep(wait);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }
}

/** Return the path of a step of an order: `confirm`, `cancel` or `refund`. */
export const pathOf = (order, step) => `/v1/redemptions/${encodeURIComponent(order)}/${step}`;

async function* partsOf(facts) {
  let part = [];
  for await (const fact of facts) {
    part.push(fact);
    if (part.length === MOST_FACTS) {
      yield part;
      part = [];
    }
  }
  if (part.length) yield part;
}

/** Return the body of a success, throw RefusedError for a refusal, return `null` for anything else. */
function outcomeOf(answer) {
  const { status } = answer;
  if (status >= 500 || AGAIN.includes(status) || (status >= 300 && status < 400)) return null;
  const body = parsed(answer);
  const found = typeof body === 'object' && body !== null ? body : {};
  if (status >= 400) throw new RefusedError(status, found.code ?? 'unclear', found.detail ?? '');
  return found;
}

function parsed({ status, body }) {
  try {
    return JSON.parse(body || 'null');
  } catch {
    throw new OutcomeUnknownError(
      `The answer with status ${status} is no JSON. Check that the URL leads to Tactful.`,
    );
  }
}
