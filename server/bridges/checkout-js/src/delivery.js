/** Delivery of the outbox: each entry is repeated until Tactful has answered it for good. */

import { AttemptEvent, after } from './attempts.js';
import { pathOf } from './client.js';
import { OutcomeUnknownError, RefusedError } from './errors.js';
import { EntryKind } from './store.js';

/** Milliseconds before the first repetition; the wait doubles each time. */
export const FIRST_WAIT_MS = 5_000;
/** Milliseconds between two tries while a server is away for long. */
export const LONGEST_WAIT_MS = 3_600_000;
const AT_ONCE = 100;

const ANSWERED = {
  [EntryKind.CONFIRM]: AttemptEvent.CONFIRM_ANSWERED,
  [EntryKind.CANCEL]: AttemptEvent.RELEASE_ANSWERED,
};
const REFUSED = { [EntryKind.CONFIRM]: AttemptEvent.CONFIRM_REFUSED };

/** Reader of a platform that reports its facts in another way. */
export class NoFacts {
  /** Return none. */
  factsOf() {
    return [];
  }
}

/** Sends the entries of a store's outbox; two deliveries at once do no harm. */
export class Delivery {
  #client;
  #store;
  #facts;
  #clock;
  #log;

  /**
   * @param {import('./index').TactfulClient} client the server that the entries are for
   * @param {import('./index').CheckoutStore} store the platform's tables
   * @param {import('./index').FactReader} [facts] reads what entries of kind `facts` are about
   * @param {import('./index').PartOptions} [options]
   */
  constructor(client, store, facts = new NoFacts(), { clock = Date.now, log = console } = {}) {
    this.#client = client;
    this.#store = store;
    this.#facts = facts;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Send what is due, each entry once, until nothing is due or a try has failed.
   *
   * @param {{limit?: number, subject?: string}} [options] the most entries that are sent, and the
   *   one subject whose entries are sent, whether or not their time has come
   * @returns {Promise<import('./index').DeliveryReport>}
   */
  async deliver({ limit = AT_ONCE, subject } = {}) {
    const report = { delivered: 0, failed: 0, waiting: 0 };
    while (report.delivered + report.failed + report.waiting < limit) {
      const entries = await this.#store.due(this.#clock(), limit, subject);
      for (const entry of entries) await this.#send(entry, report, { patience: 0 });
      if (!entries.length || report.waiting) break;
    }
    return report;
  }

  /** Send all entries of a subject with the client's patience; return whether none is left. */
  async deliverAll(subject) {
    for (;;) {
      const [entry] = await this.#store.due(this.#clock(), 1, subject);
      if (!entry) return true;
      const report = { delivered: 0, failed: 0, waiting: 0 };
      await this.#send(entry, report, {});
      if (report.waiting) return false;
    }
  }

  async #send(entry, report, options) {
    let failure;
    try {
      failure = await this.#answerTo(entry, options);
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        await this.#postpone(entry, report, error.message);
        return;
      }
      if (!(error instanceof RefusedError)) throw error;
      if (error.isAboutTheKey) {
        this.#log.error(`Tactful refuses the server key: ${error.code}. Correct the setting.`);
        await this.#postpone(entry, report, error.message);
        return;
      }
      if (entry.kind !== EntryKind.CANCEL || error.status !== 404) {
        await this.#fail(entry, report, error);
        return;
      }
      // Nothing was redeemed: the hold never reached Tactful, or it was undone before.
      failure = '';
    }
    await this.#store.finish(entry, await this.#changed(entry, ANSWERED[entry.kind]), failure);
    report[failure ? 'failed' : 'delivered'] += 1;
  }

  /** Send an entry; return which facts were rejected and why, or an empty text. */
  async #answerTo(entry, options) {
    if (entry.kind !== EntryKind.FACTS) {
      await this.#client.ask('POST', pathOf(entry.subject, entry.kind), entry.body, options);
      return '';
    }
    const facts = await this.#facts.factsOf(entry.subject);
    const rejected = await this.#client.report(facts, options);
    const failure = rejected.map((row) => `${row.code}: ${row.message}`).join('; ');
    if (failure) this.#log.warn(`Tactful rejected facts about ${entry.subject}: ${failure}`);
    return failure;
  }

  async #fail(entry, report, refused) {
    this.#log.error(`Tactful refused to ${entry.kind} ${entry.subject}: ${refused.code}`);
    const changed = await this.#changed(entry, REFUSED[entry.kind]);
    await this.#store.finish(entry, changed, refused.message);
    report.failed += 1;
  }

  async #postpone(entry, report, failure) {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(entry.tries, 20), LONGEST_WAIT_MS);
    await this.#store.postpone(entry, this.#clock() + wait, failure);
    report.waiting += 1;
  }

  /** Return the attempt of an entry after an event; `null`: the entry changes none. */
  async #changed(entry, event) {
    const attempt = event ? await this.#store.latestAttempt(entry.subject) : null;
    return attempt && attempt.number === entry.attempt ? after(attempt, event) : null;
  }
}
