/** The server's public keys, fetched when they are needed and kept for five minutes. */

import { BridgeError, OutcomeUnknownError, TokenRefusedError } from './errors.js';
import { keysOf, verify } from './offer_tokens.js';

/** Milliseconds after which the keys are fetched again. */
export const MAX_AGE_MS = 300_000;
/** Milliseconds between two fetches because of unknown keys: forged tokens must not flood the server. */
export const PAUSE_MS = 5_000;

/** Verifies tokens offline. */
export class KeyCache {
  #client;
  #clock;
  #keys = new Map();
  #fetched = null;
  #tried = null;
  #fetching = null;

  /**
   * @param {import('./index').TactfulClient} client the server that issues the tokens
   * @param {() => number} [clock] returns milliseconds since the Unix epoch, UTC
   */
  constructor(client, clock = Date.now) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Return the claims of a valid token.
   *
   * A key that is not known may be new, so the keys are fetched again before a token is refused for
   * it. Keys whose age is over stay in use while the server does not answer: the redemption itself
   * is always decided online.
   *
   * @param {string} token
   * @param {{at?: number}} [options] the instant at which the offer must not have ended, in
   *   milliseconds since the Unix epoch; 0: an order holds or has used it, so that its end is over
   * @throws {TokenRefusedError} the text is no valid token, or its offer has ended
   * @throws {OutcomeUnknownError} no keys could be fetched yet
   */
  async verify(token, { at } = {}) {
    const now = this.#clock();
    if (this.#fetched === null || now - this.#fetched >= MAX_AGE_MS) await this.#refresh(now);
    try {
      return verify(token, this.#keys, at ?? now);
    } catch (error) {
      const isUnknownKey = error instanceof TokenRefusedError && error.code === 'token.key';
      if (!isUnknownKey || !(await this.#refresh(now))) throw error;
    }
    return verify(token, this.#keys, at ?? now);
  }

  /** Fetch the keys unless that was just tried; return whether there are newer ones. */
  async #refresh(now) {
    if (this.#fetching) return this.#fetching;
    if (this.#tried !== null && now - this.#tried < PAUSE_MS) return false;
    this.#tried = now;
    this.#fetching = this.#fetch(now);
    try {
      return await this.#fetching;
    } finally {
      this.#fetching = null;
    }
  }

  async #fetch(now) {
    try {
      // One attempt: a page waits, and the next page tries again.
      const document = await this.#client.ask('GET', '/.well-known/jwks.json', undefined, {
        patience: 0,
      });
      this.#keys = keysOf(document);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      if (this.#fetched !== null) return false;
      this.#tried = null;
      throw new OutcomeUnknownError(`The server's keys are not known: ${error.message}`, {
        cause: error,
      });
    }
    this.#fetched = now;
    return true;
  }
}
