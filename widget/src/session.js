/** The shopper's session: one connection at a time, what stands, and what may still be believed. */

import { backoff } from './backoff.js';
import { jumped, now } from './clock.js';
import { afterwards } from './closecodes.js';
import { guard, later } from './guard.js';
import { parse, stringify } from './json.js';
import { createOutbox } from './outbox.js';
import { openSocket } from './socket.js';
import { openStream } from './stream.js';

/** Offers nobody has confirmed for this long are hidden. */
const SILENCE_MS = 30_000;
/** A heartbeat may be this late before the connection counts as lost. */
const LATE_MS = 5_000;
/** A server or proxy that has not welcomed us by then will not. */
const WELCOME_MS = 4_000;
/** A connection that lived this long was a good one: failures count from zero again. */
const GOOD_MS = 10_000;
/** How often a stream tries to become a socket again. */
const RETRY_SOCKET_MS = 5 * 60_000;
/** So often a page that was never welcomed tries; then it waits for something new to say. */
const PATIENCE = 5;

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
 *
 * @typedef {Offer & {endsAt: number}} Standing an offer, and when it ends on the page's clock
 *
 * @typedef {object} Link
 * @property {'socket' | 'stream'} kind
 * @property {import('./socket.js').Wire} wire
 * @property {boolean} open
 * @property {number} since when it was welcomed
 * @property {number} timer
 *
 * @typedef {object} Page what the session needs to know of the page, and tells it
 * @property {() => string} url of the session endpoint
 * @property {() => boolean} may whether a connection is allowed at all now
 * @property {() => Record<string, any>} hello
 * @property {() => {session: string, resume: string, seq: number} | null} load
 * @property {(record: {session: string, resume: string, seq: number}) => void} save
 * @property {(another: boolean, settings: any) => void} welcomed
 * @property {() => void} changed something about what stands
 * @property {(offer: Standing, replaces?: string) => void} offered
 * @property {(id: string) => void} withdrawn
 * @property {(id: string, message: any) => void} accepted
 * @property {(id: string, code: string) => void} refused
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
  // The wall clock only makes the first number larger than those of earlier pages and other tabs;
  // where it went back, the server's `ack` says so.
  const outbox = createOutbox(Date.now());
  let known = { session: '', resume: '', seq: 0 };
  let [heartbeat, idle] = [20_000, 60_000];
  let heard = -SILENCE_MS;
  let acted = now();
  let ticked = now();
  let ticking = 0;
  let waiting = 0;
  let comeBack = 0;
  let failures = 0;
  let stopped = 0;
  let lastCode = 0;
  let asleep = true;
  let socketWorks = false;
  let everWelcome = false;

  const may = () => !asleep && !stopped && page.may();

  /** @param {number} ms */
  const dialIn = (ms) => {
    clearTimeout(waiting);
    waiting = later(ms, () => dial('socket'));
  };

  /** @param {'socket' | 'stream'} kind */
  const dial = (kind) => {
    clearTimeout(waiting);
    if (next || !may()) return;
    /** @type {Link} */
    const link = { kind, wire: { send() {}, close() {} }, open: false, since: 0, timer: 0 };
    next = link;
    link.timer = later(WELCOME_MS, () => lost(link, 1006));
    const ends = {
      open: guard(() => {
        link.open = true;
        link.wire.send([stringify(hello())]);
      }),
      message: guard((/** @type {string} */ text) => receive(link, text)),
      close: guard((/** @type {number} */ code) => lost(link, code)),
    };
    try {
      link.wire = (kind === 'socket' ? openSocket : openStream)(page.url(), ends);
    } catch {
      // No WebSocket here at all, or a policy against it.
      lost(link, 1006);
    }
    tick();
  };

  const hello = () => {
    known = page.load() ?? known;
    return {
      t: 'hello',
      n: outbox.next(),
      ...page.hello(),
      ...(known.resume && { resume: known.resume, seq: known.seq }),
      identity: outbox.find(({ t }) => t === 'identify')?.identity,
    };
  };

  /** @param {Link} link */
  const hangUp = (link) => {
    clearTimeout(link.timer);
    link.wire.close();
    if (link === live) live = null;
    if (link === next) next = null;
  };

  /**
   * @param {Link} link
   * @param {number} code
   */
  const lost = (link, code) => {
    if (link !== live && link !== next) return;
    const wasLive = link === live;
    hangUp(link);
    lastCode = code;
    const then = afterwards(code);
    if (then === 'stop') {
      stopped = code;
      clear();
      return page.stopped(code);
    }
    if (live) return; // A handover or a try for a socket failed: what we have still serves.
    outbox.rewind();
    if (wasLive && now() - link.since > GOOD_MS) failures = 0;
    if (then === 'reconnect' && !standing.size) {
      asleep = true;
    } else if (link.kind === 'socket' && !wasLive && (!socketWorks || failures % 3 === 2)) {
      dial('stream');
    } else if (++failures < PATIENCE || everWelcome) {
      dialIn(Math.max(backoff(failures), comeBack - now()));
    } else {
      asleep = true;
    }
  };

  /**
   * @param {Link} link
   * @param {string} text
   */
  const receive = (link, text) => {
    if (link !== live && link !== next) return;
    // Whatever waited while the page stood still is as old as the standstill.
    if (jumped() || (now() - ticked > LATE_MS && !document.hidden)) return resync();
    const message = parse(text);
    if (link !== live && message.t !== 'welcome') return;
    heard = now();
    // A handover's old connection may still speak: what the snapshot holds is not news.
    if (message.seq != null && message.t !== 'welcome') {
      if (message.seq <= known.seq) return;
      known.seq = message.seq;
      page.save(known);
    }
    /** @type {any} */ (handlers)[message.t]?.(message, link);
  };

  const handlers = {
    /** @type {(message: any, link: Link) => void} */
    welcome(message, link) {
      if (live && live !== link) hangUp(live);
      clearTimeout(link.timer);
      next = null;
      live = link;
      link.since = now();
      everWelcome = true;
      comeBack = 0;
      if (link.kind === 'socket') socketWorks = true;
      else link.timer = later(RETRY_SOCKET_MS, probe);
      const another = known.session !== message.session;
      known = { session: message.session, resume: message.resume, seq: message.seq };
      page.save(known);
      heartbeat = message.heartbeat * 1000;
      idle = message.idle * 1000;
      standing.clear();
      for (const offer of message.offers) stand(offer);
      outbox.drop(({ t }) => t === 'identify');
      page.welcomed(another, message.settings);
      flush();
      page.changed();
    },
    /** @param {any} message */
    offer({ offer, replaces }) {
      if (replaces) standing.delete(replaces);
      page.offered(stand(offer), replaces);
      page.changed();
    },
    /** @param {any} message */
    withdraw({ offer }) {
      standing.delete(offer);
      page.withdrawn(offer);
      page.changed();
    },
    /** @param {any} message */
    accepted(message) {
      standing.delete(message.offer);
      page.accepted(message.offer, message);
      page.changed();
    },
    /** @param {any} message */
    refused({ n, offer, code }) {
      const id = offer ?? outbox.find((_, number) => number === n)?.offer;
      if (!id) return;
      if (code !== 'quantity') standing.delete(id);
      page.refused(id, code);
      page.changed();
    },
    /** @param {any} message */
    ack({ n }) {
      if (outbox.acknowledge(n)) flush();
    },
    /** @param {any} message */
    bye({ retry }) {
      // The new connection opens before the old one closes, so that nothing is missed.
      comeBack = now() + retry * 1000;
      dialIn(retry * 1000);
    },
  };

  const probe = () => {
    if (!live || live.kind === 'socket') return;
    live.timer = later(RETRY_SOCKET_MS, probe);
    dial('socket');
  };

  /**
   * @param {Offer} offer
   * @returns {Standing}
   */
  const stand = (offer) => {
    const entry = { ...offer, endsAt: now() + offer.ends_in * 1000 };
    standing.set(offer.id, entry);
    return entry;
  };

  const clear = () => {
    // What was clicked but never heard is not promised: it must not happen later, unseen.
    outbox.drop(({ t }) => t === 'accept' || t === 'seen');
    standing.clear();
    page.changed();
  };

  const flush = () => {
    if (!live) return;
    const texts = outbox.take().map(stringify);
    if (texts.length) live.wire.send(texts);
  };

  const resync = () => {
    if (live) hangUp(live);
    if (next) hangUp(next);
    outbox.rewind();
    clear();
    dial('socket');
  };

  /** Ends what has ended: called each second, and before anything is drawn after a pause. */
  const tick = () => {
    clearTimeout(ticking);
    if (jumped() && (live || standing.size)) resync();
    ticked = now();
    const silence = ticked - heard;
    let ended = false;
    for (const [id, { endsAt }] of standing) {
      if (endsAt <= ticked) ended = standing.delete(id);
    }
    if (silence > SILENCE_MS && standing.size) clear();
    else if (ended) page.changed();
    if (live && silence > Math.min(heartbeat + LATE_MS, SILENCE_MS)) lost(live, 1006);
    if (live && ticked - acted > idle && (!standing.size || document.hidden)) {
      asleep = true;
      hangUp(live);
    }
    const soonest = Math.min(1000, ...[...standing.values()].map(({ endsAt }) => endsAt - ticked));
    if (live || next || standing.size) ticking = later(Math.max(soonest, 1), tick);
  };

  return {
    /**
     * @param {import('./outbox.js').Message} message
     * @param {boolean} [worthIt] whether it is worth opening a connection for
     */
    send(message, worthIt = true) {
      if (!worthIt && !live) return;
      outbox.put(message);
      if (worthIt) acted = now();
      flush();
      if (!live && worthIt) this.wake();
    },
    /** Something has happened that is worth a connection, or makes one possible again. */
    wake() {
      asleep = false;
      tick();
      if (!live && !next && now() >= comeBack) dial('socket');
    },
    /** The page may vanish and come back: nothing is open and nothing is shown meanwhile. */
    suspend() {
      clearTimeout(waiting);
      clearTimeout(ticking);
      if (live) hangUp(live);
      if (next) hangUp(next);
      outbox.rewind();
      clear();
      heard = -SILENCE_MS;
    },
    /** The shopper refuses everything: nothing is known, kept or sent any more. */
    forget() {
      this.suspend();
      outbox.drop(() => true);
      known = { session: '', resume: '', seq: 0 };
      asleep = true;
    },
    /** @param {string} id */
    dismiss(id) {
      if (standing.delete(id)) this.send({ t: 'dismiss', offer: id });
      page.changed();
    },
    tick,
    /** @returns {Standing[]} what may be shown now, newest last */
    offers: () => (now() - heard > SILENCE_MS ? [] : [...standing.values()]),
    /** @param {string} id */
    isStanding: (id) => standing.has(id),
    connected: () => !!live,
    status: () => ({
      transport: live?.kind ?? null,
      connecting: next?.kind ?? null,
      session: known.session,
      silence: live && Math.round((now() - heard) / 1000),
      unacknowledged: outbox.size,
      failures,
      lastCode,
      stopped,
      asleep,
    }),
  };
}
