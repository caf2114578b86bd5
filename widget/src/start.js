/** Joins page, session and card: what is found goes up, what stands comes down. */

import { watchActivity } from './activity.js';
import { createCard } from './card.js';
import { now } from './clock.js';
import { createConsent } from './consent.js';
import { watchPage } from './detect/watch.js';
import { openDialogue } from './dialogue.js';
import { emit, event, off, on } from './emit.js';
import { money } from './format.js';
import { bare, faults, guard, later, listen } from './guard.js';
import { at, listed, own, stringify } from './json.js';
import { pathOf, publicUrl } from './link.js';
import { words } from './locales.js';
import { onNavigation, pageKind } from './page.js';
import { part } from './parts.js';
import { createSession } from './session.js';
import { serverUrl, setting } from './settings.js';
import { load, save } from './store.js';
import { createTabs } from './tabs.js';

const version = VERSION;
/** The card waits so long for the part with other languages; then it is in English. */
const WORDS_MS = 3_000;
/** A page that has named no product by then is known to the server by its address alone. */
const NAMED_MS = 1_500;

/** @typedef {import('./session.js').Standing} Standing */

/** @param {Standing} standing the offer as the server sent it */
const plain = ({ endsAt, ...offer }) => offer;

/**
 * @param {any[]} queue commands from before the script was there
 * @returns {any} the API
 */
export function start(queue) {
  /** @type {import('./detect/watch.js').Found} */
  let verdict = { product: null, fields: {}, conflicts: [], broken: [], aside: [] };
  /** @type {[import('./detect/datalayer.js').Lines, string]} */
  let cart = [listed([]), ''];
  /** @type {any} the shop's own word on the page: `{kind, moment, query}` */
  let page = bare({});
  /** @type {any} who logged in and has not been told yet: a first frame may say it */
  let who;
  let level = 'none';
  let [ready, away] = [false, false];
  let [viewed, looked, place] = ['', '', ''];
  let lowest = 0;
  /** Whether the server has yet to hear of this page; the first one travels in `hello`. */
  let pageDue = false;
  let redraw = 0;
  /** Whether this page has had the time to name its product, and the timer of that. */
  let [patient, waiting] = [false, 0];
  /** @type {Set<string>} offers the shop was told of */
  const announced = new Set();
  /** @type {Map<string, Standing>} accepted here, waiting for the answer */
  const accepting = new Map();
  /** @type {any} the part for other languages: not asked for, `null` on its way, empty if it has none */
  let more;
  /** @type {import('./card.js').Reserved | undefined} accepted, and not shown yet */
  let promised;
  /** @type {string | undefined} the reference of the session that the shop was told */
  let told;

  const locale = () => {
    const wanted = setting('locale') ?? (document.documentElement.lang || navigator.language);
    // Many shop systems print "de_DE".
    return guard(Intl.getCanonicalLocales)(wanted.replace(/_/g, '-'))?.[0] ?? 'en';
  };
  const kind = () => page.kind ?? setting('page') ?? pageKind(!!verdict.product, more?.PATHS);
  /**
   * Loads the texts of other languages, and what they call a checkout.
   * @returns {boolean} whether the card can be shown
   */
  const fluent = () => {
    if (more === undefined) {
      more = null;
      const before = kind();
      part('extras').then((module) => {
        more = module ?? {};
        if (kind() !== before) pageDue = true;
        tellPage();
        draw();
      });
      later(WORDS_MS, () => {
        more ??= bare({});
        draw();
      });
    }
    return !!more;
  };
  const territory = () => setting('territory') ?? at('Shopify.country');
  /** Which of the shop's prices this page shows. */
  const prices = () => ({
    currency: setting('currency') ?? at('Shopify.currency.active'),
    channel: setting('channel'),
  });
  const url = () => publicUrl(location.href);
  const consent = createConsent(
    () => setting('consent'),
    () => heedConsent(),
  );
  const permission = () => ({ consent: level, gpc: consent.gpc() || undefined });
  const record = () => (level === 'none' ? null : load());
  const tabs = createTabs(record, (found) => {
    if (found) {
      save(found);
      session.suspend();
      retell();
    }
    session.wake();
  });

  const session = createSession({
    url: () => `${serverUrl()}v1/session`,
    stream: () => part('stream'),
    may: () => !away && level !== 'none' && !document.hidden && !!serverUrl() && tabs.ask(),
    hello: () => ({
      ...permission(),
      territory: territory(),
      ...prices(),
      locale: locale(),
      identity: who,
      page: { url: url(), referrer: publicUrl(document.referrer) || undefined, kind: kind() },
    }),
    load: record,
    save,
    welcomed(another) {
      who = undefined;
      tabs.tell();
      tellSession();
      if (another) retell();
    },
    changed: () => draw(),
    accepted(id, { token, code, hold }) {
      // Without a click here it was accepted on an earlier page, or in another tab, which tells the
      // shop: it goes into the cart once.
      promised = { id, item: accepting.get(id), until: now() + hold * 1000, token, code };
      accepting.delete(id);
      announced.delete(id);
    },
    refused(offer, code) {
      emit('error', { code: `refused.${code}`, offer });
      const standing = accepting.get(offer);
      accepting.delete(offer);
      // The server can record nothing at the moment: the shopper may press again. Or there is no more
      // time to give.
      if (/^(later|time)$/.test(code)) card.again();
      else if (standing) card.conclude({ item: standing, until: 0 });
    },
    extended: () => card.again(),
    stopped: (code) => emit('error', { code: `closed.${code}` }),
  });

  const card = createCard(
    ({ sku, url, placement }) => {
      const own = verdict.product?.sku === sku || pathOf(url ?? '') === pathOf(location.href);
      return {
        locale: locale(),
        strings: setting('strings'),
        words: words(locale(), setting('strings'), more?.TABLE),
        more,
        theme: setting('theme'),
        own,
        inline:
          own && (setting('placement') ?? placement) === 'inline' && (setting('inline') ?? true),
      };
    },
    (t, offer) => {
      if (t === 'accept') accepting.set(offer.id, offer);
      session.send({ t, offer: offer.id });
    },
  );

  /**
   * Tells the shop, then the shopper.
   * @param {import('./card.js').Reserved} what
   * @param {(answer: unknown) => void} [inCart] hears what the shop's cart answers
   */
  const tellAccepted = (what, inCart = () => {}) => {
    const { item, until, token, code } = what;
    const hold = Math.ceil((until - now()) / 1000);
    emit('accepted', { offer: plain(item), token, code, hold, inCart });
    card.conclude(what);
  };

  /** Brings the screen and the shop's own code in step with what stands. */
  const draw = () => {
    const standing = session.offers();
    if (standing[0]) tabs.stay();
    for (const offer of standing) {
      if (!announced.has(offer.id)) emit('offer', plain(offer));
      announced.add(offer.id);
    }
    for (const offer of announced) {
      if (standing.some(({ id }) => id === offer)) continue;
      announced.delete(offer);
      emit('withdraw', { offer });
    }
    // The card does not disturb a dialogue of the shop. Dialogues dispatch no event when they open or
    // close, so they are looked for every second.
    if (promised && fluent()) {
      const what = promised;
      promised = undefined;
      const reserve = more.reserve ?? (what.item && tellAccepted);
      if (reserve) guard(reserve)(what, tellAccepted, card);
    }
    const something = standing[0] || card.keeps();
    const busy = something && openDialogue();
    clearTimeout(redraw);
    if (something) redraw = later(1000, draw);
    const here = standing.find(({ sku }) => sku === verdict.product?.sku) ?? standing.at(-1);
    card.show(here, busy || (here && !fluent()) || /checkout|payment/.test(kind()));
  };

  /** The server knows every product's address: it finds those that the page does not name. */
  const unnamed = () => patient && /product|other/.test(kind());
  const tellView = () => {
    const { product } = verdict;
    const now = `${pathOf(location.href)} ${product?.sku}`;
    const amount = product?.price?.amount ?? 1 / 0;
    // A price on the page that falls is a warning sign: the server hears of it once more.
    if ((now === viewed && amount >= lowest) || !(product || unnamed())) return;
    session.send({ t: 'view', ...product, url: url() });
    [viewed, lowest] = [now, amount];
  };
  const tellCart = () => {
    if (cart[1]) session.send({ t: 'cart', lines: cart[0] });
  };
  /** Another session knows nothing of this page. */
  const retell = () => {
    viewed = '';
    tellView();
    tellCart();
  };
  const tellPage = () => {
    const { moment, query } = page;
    if (pageDue) session.send({ t: 'page', url: url(), kind: kind(), ...prices(), moment, query });
    pageDue = false;
  };

  /** @param {string} t @param {any} [identity] */
  const tellWho = (t, identity) => {
    who = identity;
    tabs.stay();
    session.send({ t, identity });
  };

  /** Orders name the session, so that results count those that used no offer, too. */
  const tellSession = () => {
    const is = record()?.session;
    if (is !== told) emit('session', { session: is });
    told = is;
  };
  const heedConsent = () => {
    const [now] = consent.now();
    if (now === level || !ready) return;
    level = now;
    session.send({ t: 'consent', ...permission() }, false);
    if (now === 'none') {
      session.forget();
      tabs.close();
      save(null);
    }
    tellSession();
    watch.soon();
    connect();
  };

  /** Only where there is something to say: other pages have no connection. */
  const connect = () => {
    if (away || level === 'none') return;
    if (!verdict.product && !cart[0][0] && !record() && /home|other/.test(kind()) && !unnamed())
      return;
    if (!/^en\b/.test(locale())) fluent();
    session.wake();
  };

  const watch = watchPage(
    (found) => {
      verdict = found;
      // Pages change all the time. Only these changes are worth opening a connection for.
      if (!found.product)
        waiting ||= later(NAMED_MS, () => {
          patient = true;
          tellView();
          connect();
        });
      const now = [found.product?.sku, found.product?.price?.amount, kind(), url()].join();
      if (now === looked && !pageDue) return;
      looked = now;
      tellPage();
      tellView();
      connect();
      draw();
    },
    (lines, source) => {
      const changed = stringify(listed(lines)) !== stringify(cart[0]);
      cart = [lines, source];
      if (changed) tellCart();
    },
    consent.heardLayer,
    () => level !== 'none',
  );

  const commands = {
    /** @param {any} identity a token, or `{customer, expires, hmac}` */
    identify: (identity) => tellWho('identify', identity),
    logout: () => tellWho('logout'),
    view: watch.view,
    cart: watch.cart,
    /** @param {any} what */
    page(what) {
      page = bare({ ...what });
      pageDue = true;
      tellPage();
      draw();
    },
    session: () => record()?.session,
    activity: (/** @type {string} */ what) => session.send({ t: 'activity', kind: what }, false),
    consent: consent.call,
    /** @param {string} name @param {(event: any) => void} fn */
    on(name, fn) {
      on(name, fn);
      // Who comes late hears what stands.
      if (name === 'ready' && ready) fn(event(name, { version }));
      if (name === 'session' && told) fn(event(name, { session: told }));
      if (name === 'offer') for (const one of session.offers()) fn(event(name, plain(one)));
    },
    off,
    async doctor() {
      const report = {
        version,
        server: serverUrl(),
        url: url(),
        territory: territory(),
        kind: kind(),
        ...verdict,
        cart,
        consent: consent.now(),
        connection: session.status(),
        shown: card.shown(),
        dialogue: session.offers()[0] && openDialogue(),
        faults,
      };
      const doctor = await part('doctor');
      return doctor?.examine(report) ?? { ...report, advice: faults };
    },
  };

  /** @type {any} */
  const api = guard((/** @type {string} */ command, /** @type {any[]} */ ...args) => {
    const run = own(commands, command);
    return run ? run(...args) : emit('error', { code: 'command', command });
  });
  api.version = version;

  const run = () => {
    ready = true;
    place = url();
    for (const call of queue) api(...call);
    consent.look();
    heedConsent();
    emit('ready', { version });
    // The first use of a format is slow: in a task of its own, before anything waits for it.
    later(1, () => money({ amount: 1, currency: 'EUR' }, locale()));
    later(2, watch.look);
    watchActivity((kind, worthIt = false) =>
      session.send({ t: 'activity', kind }, worthIt && !!record()),
    );
    onNavigation(() => {
      if (url() !== place) {
        page = bare({});
        pageDue = true;
        clearTimeout(waiting);
        waiting = 0;
        patient = false;
        watch.moved();
      }
      place = url();
    });
  };

  listen('pagehide freeze', () => {
    away = true;
    tabs.close();
    session.suspend();
  });
  listen('pageshow online resume visibilitychange', () => {
    if (document.hidden) return;
    away = false;
    session.tick();
    connect();
    draw();
  });
  // Shops print what we look for at the end of the page, too.
  const begin = () => later(1, run);
  if (/** @type {any} */ (document).prerendering) listen('prerenderingchange', begin);
  else if (document.readyState === 'loading') listen('DOMContentLoaded', begin);
  else begin();
  return api;
}
