/** The shopper's session: one connection at a time, what stands, and what may still be believed. */

import { backoff } from './backoff.js';
import { jumped, now } from './clock.js';
import { afterwards } from './closecodes.js';
import { bare, guard, later } from './guard.js';
import { own, parse, stringify } from './json.js';
import { createOutbox } from './outbox.js';
import { openSocket } from './socket.js';

/** Offers nobody has confirmed for this long are hidden. */
const SILENCE_MS = 30_000;
/** A heartbeat may be this late before the connection counts as lost. */
const LATE_MS = 5_000;
/** A server or proxy that has not welcomed us by then will not. */
const WELCOME_MS = 4_000;
/** A connection that lived this long was a good one: failures count from zero again. */
const GOOD_MS = 10_000;
/** So often a page that was never welcomed tries; then it leaves it to the next page. */
const PATIENCE = 5;
const NEVER = 1 / 0;
/** Refusals after which the offer still stands. */
const STAYS = /^(later|time)$/;

/**
 * @typedef {object} Offer
 * @property {string} id
 * @property {string} sku
 * @property {{amount: number, currency: string}} price
 * @property {{amount: number, currency: string}} [was]
 * @property {number} [percent]
 * @property {string} title
 * @property {string} message
 * @property {number} ends_in seconds from the moment it was received
 * @property {number} max_qty
 * @property {string} placement
 * @property {string} [disclosure]
 * @property {string} [image]
 * @property {string} [url]
 * @property {'order' | 'shipping'} [level] what it comes off; absent: it is a price of the item
 * @property {{amount: number, currency: string}} at_most with `level`: what comes off at most
 * @property {number} [percent_bp] with `level`: the share that comes off
 * @property {boolean} [voucher] whether it is a voucher of the customer's own
 * @property {'none'} [countdown] the time that is left is not shown
 * @property {boolean} [more_time] whether the shopper may ask for more
 * @property {string[]} [inputs] the kinds of inputs that the price rests on
 *
 * @typedef {Offer & {endsAt: number}} Standing an offer, and when it ends on the page's clock
 *
 * @typedef {object} Link
 * @property {'socket' | 'stream'} kind
 * @property {import('./socket.js').Wire | null} wire
 * @property {number} since when it was opened, then when it was welcomed
 *
 * @typedef {object} Page what the session needs to know of the page, and tells it
 * @property {() => string} url of the session endpoint
 * @property {() => Promise<any>} stream the part for networks without WebSockets, if it can be had
 * @property {() => boolean} may whether a connection is allowed at all now
 * @property {() => Record<string, any>} hello
 * @property {() => {session: string, resume: string, seq: number} | null} load
 * @property {(record: {session: string, resume: string, seq: number}) => void} save
 * @property {(another: boolean) => void} welcomed whether by a session that knows nothing of us
 * @property {() => void} changed something about what stands
 * @property {(id: string, message: any) => void} accepted before it leaves what stands
 * @property {(id: string, code: string) => void} refused
 * @property {() => void} extended
 * @property {(code: number) => void} stopped
 */

/** @param {Page} page */
export function createSession(page) {
  /** @type {Link | null} */
  let live = null;
  /** @type {Link | null} */
  let next = null;
  /** @type {Map<string, Standing>} */
  const standing = new Map();
  // The wall clock only makes the first number larger than those of earlier pages and other tabs.
  const outbox = createOutbox(Date.now());
  /** @type {any} the session this tab is in, if any */
  let known = bare({});
  let [heartbeat, idle] = [20_000, 60_000];
  let heard = -SILENCE_MS;
  let acted = 0;
  let ticked = 0;
  let ticking = 0;
  /** When to try again, and not before. */
  let dialAt = NEVER;
  let failures = 0;
  let stopped = 0;
  let asleep = true;
  let socketWorks = false;

  /** @param {'socket' | 'stream'} [kind] */
  const dial = (kind = 'socket') => {
    if (next || asleep || stopped || !page.may()) return;
    dialAt = NEVER;
    /** @type {Link} */
    const link = { kind, wire: null, since: now() };
    next = link;
    /** @param {any} opener */
    const open = (opener) => {
      if (link !== next) return;
      try {
        link.wire = opener(
          page.url(),
          {
            open: guard(() => link.wire?.send([stringify(hello())])),
            message: guard((/** @type {string} */ text) => receive(link, text)),
            close: guard((/** @type {number | undefined} */ code) => lost(link, code)),
          },
          guard,
        );
      } catch {
        // No such thing here at all, or a policy against it.
        lost(link);
      }
    };
    if (kind === 'socket') open(openSocket);
    else page.stream().then((module) => open(module?.openStream));
    tick();
  };

  const hello = () => {
    known = page.load() ?? known;
    // It says what she allows now; what she allows after it is told, too.
    outbox.drop(/consent/);
    return {
      t: 'hello',
      n: outbox.next(),
      ...page.hello(),
      resume: known.resume,
      seq: known.seq,
    };
  };

  const hangUp = (/** @type {Link | null} */ link) => {
    link?.wire?.close();
    if (link && link === live) {
      live = null;
      outbox.rewind();
    }
    if (link === next) next = null;
  };

  /** @param {Link} link @param {number} [code] */
  const lost = (link, code = 1006) => {
    const wasLive = link === live;
    if (!wasLive && link !== next) return;
    hangUp(link);
    const then = afterwards(code);
    if (then === 'stop') {
      stopped = code;
      hangUp(live);
      clear();
      return page.stopped(code);
    }
    if (live) return; // A handover failed: what we have still serves.
    if (wasLive && now() - link.since > GOOD_MS) failures = 0;
    if (then === 'reconnect' && !standing.size) asleep = true;
    else if (link.kind === 'socket' && !wasLive && (!socketWorks || failures % 3 > 1))
      dial('stream');
    else if (++failures > PATIENCE && !known.session) stopped = code;
    // A server that said when to come back has been heard.
    else if (dialAt === NEVER) dialAt = now() + backoff(failures);
    tick();
  };

  /** @param {Link} link @param {string} text */
  const receive = (link, text) => {
    if (link !== live && link !== next) return;
    // Whatever waited while the page stood still is as old as the standstill.
    if (jumped() || (now() - ticked > LATE_MS && !document.hidden)) return resync();
    const message = parse(text);
    const first = message.t === 'welcome';
    if (link === next && !first) return;
    heard = now();
    // What the snapshot held is not news when an old connection still says it.
    if (!first && message.seq <= known.seq) return;
    if (message.seq) {
      known.seq = message.seq;
      page.save(known);
    }
    const handle = own(handlers, message.t);
    if (!handle) return;
    handle(message, link);
    // Whatever was said of an offer by its name has ended it; a whole one has just been put there.
    // Only more time, and a refusal for now, leave it where it is.
    const stays = message.t === 'extended' || (message.t === 'refused' && STAYS.test(message.code));
    if (!stays) standing.delete(message.offer);
    standing.delete(message.replaces);
    page.changed();
  };

  const handlers = {
    /** @type {(message: any, link: Link) => void} */
    welcome({ session, resume, seq, offers, ...times }, link) {
      // A session that logs in gets another name on the same connection: it knows what it knew.
      const another = link !== live && known.session !== session;
      if (link !== live) hangUp(live);
      [live, next] = [link, null];
      link.since = now();
      // Before the acknowledgement: a server that has just started acknowledges the hello, though it
      // has heard of nothing below it.
      if (!another) flush(true);
      socketWorks ||= link.kind === 'socket';
      known = { session, resume, seq };
      page.save(known);
      [heartbeat, idle] = [times.heartbeat * 1000, times.idle * 1000];
      standing.clear();
      offers.forEach(stand);
      page.welcomed(another);
    },
    offer: (/** @type {any} */ { offer }) => stand(offer),
    withdraw() {},
    accepted: (/** @type {any} */ message) => page.accepted(message.offer, message),
    refused(/** @type {any} */ { offer, code }) {
      const one = standing.get(offer);
      if (one && code === 'time') one.more_time = false;
      page.refused(offer, code);
    },
    /** @param {any} message */
    extended({ offer, ends_in, more_time }) {
      const one = standing.get(offer);
      if (!one) return;
      stand(Object.assign(one, { ends_in, more_time }));
      page.extended();
    },
    /** @param {any} message */
    ack({ n }) {
      // What waits is numbered only now: the server has just said above which number.
      outbox.acknowledge(n);
      flush();
    },
    /** @param {any} message */
    bye({ retry }) {
      // The new connection opens before the old one closes, so that nothing is missed.
      dialAt = now() + retry * 1000;
    },
  };

  /** @param {Offer} offer */
  const stand = (offer) => {
    // The same object: it has no prototype that a page could have filled.
    standing.set(offer.id, Object.assign(offer, { endsAt: now() + offer.ends_in * 1000 }));
  };

  const clear = () => {
    // What was clicked but never heard is not promised: it must not happen later, unseen.
    outbox.drop(/accept|seen|more/);
    standing.clear();
    page.changed();
  };

  const flush = (again = false) => {
    live?.wire?.send(outbox.take(again).map((message) => stringify(message)));
  };

  /** Nothing is open and nothing is shown. */
  const suspend = () => {
    dialAt = NEVER;
    hangUp(live);
    hangUp(next);
    heard = -SILENCE_MS;
    clear();
  };

  const resync = () => {
    suspend();
    dial();
  };

  /** Ends what has ended: called each second, and before anything is drawn after a pause. */
  const tick = () => {
    ticked = now();
    if (jumped()) return resync();
    let soonest = 1000;
    for (const [id, { endsAt }] of standing) {
      soonest = Math.min(soonest, endsAt - ticked);
      if (endsAt <= ticked && standing.delete(id)) page.changed();
    }
    const silence = ticked - heard;
    if (silence > SILENCE_MS && standing.size) clear();
    if (next && ticked - next.since > WELCOME_MS) lost(next);
    if (live && silence > Math.min(heartbeat + LATE_MS, SILENCE_MS)) lost(live);
    if (live && ticked - acted > idle && (!standing.size || document.hidden)) {
      asleep = true;
      hangUp(live);
    }
    if (ticked >= dialAt) dial();
    if (live || next || standing.size || (dialAt < NEVER && page.may())) {
      clearTimeout(ticking);
      ticking = later(soonest, tick);
    }
  };

  /** Something has happened that is worth a connection, or makes one possible again. */
  const wake = () => {
    asleep = false;
    acted = now();
    tick();
    if (!live && dialAt === NEVER) dial();
  };

  /**
   * @param {import('./outbox.js').Message} message
   * @param {boolean} [worthIt] whether it is worth opening a connection for
   */
  const send = (message, worthIt = true) => {
    if (!worthIt && !live && !next) return;
    outbox.put(message);
    flush();
    if (message.t === 'dismiss' && standing.delete(message.offer)) page.changed();
    if (worthIt) wake();
  };

  return {
    send,
    wake,
    suspend,
    tick,
    /** The shopper refuses everything: nothing is known, kept or sent any more. */
    forget() {
      suspend();
      outbox.drop(/./);
      known = bare({});
      asleep = true;
    },
    /** @returns {Standing[]} what may be shown now, newest last */
    offers: () => (now() - heard > SILENCE_MS ? [] : [...standing.values()]),
    status: () => ({
      transport: live?.kind,
      session: known.session,
      failures,
      stopped,
    }),
  };
}
