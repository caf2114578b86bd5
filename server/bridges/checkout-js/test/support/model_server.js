/**
 * A Tactful server in memory that redeems as `server/HTTP.md` says, with faults on request.
 *
 * It is small enough to be read, and independent of the server's code.
 */

import { OutcomeUnknownError } from '../../src/index.js';

/** What can happen to one request. `late`: its answer is lost, and it arrives after the next one. */
export const FAULTS = [
  'lost_request',
  'lost_answer',
  'busy',
  'broken',
  'killed_before',
  'killed_after',
  'late',
];

/** The platform's process ended at this point. */
export class KilledError extends Error {}

/** Milliseconds since the epoch as RFC 3339, in whole seconds as the server writes them. */
export const instant = (at) => new Date(at - (at % 1000)).toISOString().replace('.000Z', 'Z');

const LIVE = ['held', 'redeemed'];
const share = (one, other) => one.some((token) => other.includes(token));

/** A transport whose other end is the model. */
export class ModelServer {
  now = 1_773_144_000_000;
  redemptions = [];
  refunds = new Map();
  facts = [];
  faults = [];
  sent = [];
  /** Tokens of sessions that identified nobody. */
  anonymous = new Set();
  #late = [];

  clock = () => this.now;
  sleep = async (pause) => {
    this.now += pause;
  };

  /** Answer a request, after the next fault has had its way. */
  async send(method, path, body) {
    this.sent.push({ method, path, body });
    const fault = this.faults.shift();
    if (fault === 'killed_before') throw new KilledError();
    if (fault === 'lost_request') throw new OutcomeUnknownError('lost request');
    if (fault === 'late') {
      this.#late.push([method, path, body]);
      throw new OutcomeUnknownError('late request');
    }
    if (fault === 'busy' || fault === 'broken') {
      return { status: fault === 'busy' ? 429 : 500, body: '{}' };
    }
    const [status, answer] = this.#answer(method, path, body);
    for (const one of this.#late.splice(0)) this.#answer(...one);
    if (fault === 'killed_after') throw new KilledError();
    if (fault === 'lost_answer') throw new OutcomeUnknownError('lost answer');
    return { status, body: JSON.stringify(answer) };
  }

  /** Redemptions that count: held, or redeemed. */
  live() {
    this.#lapse();
    return this.redemptions.filter((one) => LIVE.includes(one.state));
  }

  /** `attempt state` of all redemptions, in the order of their making. */
  states() {
    this.#lapse();
    return this.redemptions.map((one) => `${one.attempt} ${one.state}`);
  }

  #lapse() {
    for (const one of this.redemptions) {
      if (one.state === 'held' && one.until <= this.now) one.state = 'lapsed';
    }
  }

  #answer(method, path, body) {
    this.#lapse();
    const url = new URL(path, 'http://model');
    if (url.pathname === '/v1/facts') {
      this.facts.push(...body);
      return [200, { accepted: body.length, ignored: 0, rejected: [] }];
    }
    if (method === 'GET') {
      const wanted = [...url.searchParams];
      const rows = this.redemptions
        .filter((one) => wanted.every(([name, value]) => one[name] === value))
        .map(({ order, attempt, state, at }) => ({ order, attempt, state, at: instant(at) }));
      return [200, { redemptions: rows, next: null }];
    }
    if (url.pathname === '/v1/redemptions') return this.#redeem(body);
    const [, , , order, step] = url.pathname.split('/').map(decodeURIComponent);
    const found = this.redemptions.filter((one) => one.order === order);
    if (!found.length) return [404, { code: 'redemption.unknown' }];
    if (step === 'confirm') return this.#confirm(found, body.attempt);
    if (step === 'cancel') {
      for (const one of found) {
        if (one.attempt === (body.attempt ?? one.attempt)) one.state = 'cancelled';
      }
      return [200, {}];
    }
    const key = `${order} ${body.refund}`;
    if (!this.refunds.has(key)) this.refunds.set(key, body);
    return [200, this.refunds.get(key)];
  }

  #redeem(body) {
    const tokens = [...body.tokens].sort();
    const lines = JSON.stringify(body.lines);
    if (body.customer && tokens.some((token) => this.anonymous.has(token))) {
      return [422, { code: 'redemption.holder' }];
    }
    for (const one of this.redemptions) {
      if (one.order !== body.order || one.attempt !== body.attempt) continue;
      if (String(one.tokens) !== String(tokens) || one.lines !== lines) {
        return [409, { code: 'redemption.mismatch' }];
      }
      return one.state === 'cancelled'
        ? [409, { code: 'redemption.cancelled' }]
        : [200, one.answer];
    }
    if (this.live().some((one) => share(tokens, one.tokens))) {
      return [409, { code: 'redemption.used' }];
    }
    const until = this.now + 1000 * body.hold;
    const answer = { state: 'held', until: instant(until), redemptions: [] };
    const { order, attempt } = body;
    const at = this.now;
    this.redemptions.push({ tokens, order, attempt, state: 'held', until, lines, answer, at });
    return [200, answer];
  }

  #confirm(found, attempt) {
    const live = found.filter((one) => LIVE.includes(one.state));
    const one =
      found.find((each) => each.attempt === attempt) ?? (live.length ? live : found).at(-1);
    if (one.state === 'cancelled') return [409, { code: 'redemption.cancelled' }];
    const others = this.live().filter((each) => each !== one);
    if (others.some((each) => share(one.tokens, each.tokens))) {
      return [409, { code: 'redemption.lapsed' }];
    }
    one.state = 'redeemed';
    return [200, { state: 'redeemed' }];
  }
}
