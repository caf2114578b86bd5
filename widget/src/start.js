/** Joins page, session and card: what is found goes up, what stands comes down. */

import { watchActivity } from './activity.js';
import { createCard } from './card.js';
import { createConsent } from './consent.js';
import { watchPage } from './detect/watch.js';
import { examine, watchPolicy } from './doctor.js';
import { defineElement } from './element.js';
import { emit, off, on, replay } from './emit.js';
import { guard, later, listen, whenIdle } from './guard.js';
import { own, stringify } from './json.js';
import { pathOf, publicUrl } from './link.js';
import { words } from './locales.js';
import { onNavigation, pageKind } from './page.js';
import { createSession } from './session.js';
import { serverUrl, setServerSettings, setting, settingAndSource } from './settings.js';
import { load, save } from './store.js';
import { createTabs } from './tabs.js';

const VERSION = '0.1.0';
const SETTINGS = [
  'server',
  'territory',
  'locale',
  'consent',
  'placement',
  'corner',
  'inline',
  'theme',
  'page',
  'strings',
];
/** Pages on which an offer could only disturb. */
const SILENT = ['checkout', 'payment'];
const MODAL = 'dialog:modal,[aria-modal=true]';

/**
 * @param {any[]} queue commands from before the script was there
 * @returns {Function} the API
 */
export function start(queue) {
  /** @type {import('./detect/merge.js').Verdict} */
  let verdict = { product: null, fields: {}, conflicts: [] };
  /** @type {any} */
  let cart = null;
  let cartSource = '';
  /** @type {any} the shop's own word on the page: `{kind, moment, query}` */
  let page = null;
  let includes = 1;
  let ready = false;
  let away = false;
  let asked = false;
  let level = '';
  let [place, told] = ['', ''];
  /** @type {Set<string>} offers that the shop draws itself */
  const taken = new Set();
  /** @type {Map<string, import('./session.js').Standing>} accepted here, waiting for the answer */
  const accepting = new Map();

  const locale = () => {
    const wanted = setting('locale');
    const found =
      wanted && wanted !== 'auto' ? wanted : document.documentElement.lang || navigator.language;
    try {
      return Intl.getCanonicalLocales(found)[0] ?? 'en';
    } catch {
      return 'en';
    }
  };
  const kind = () => own(page, 'kind') ?? setting('page') ?? pageKind(!!verdict.product);
  const consent = createConsent(
    () => setting('consent'),
    () => heedConsent(),
  );
  const record = () => load(level);
  const tabs = createTabs(() => (level === 'anonymous' ? record() : null));

  const session = createSession({
    url: () => serverUrl('v1/session'),
    may: () =>
      ready &&
      !away &&
      level !== 'none' &&
      !document.hidden &&
      !(/** @type {any} */ (document).prerendering) &&
      !!serverUrl(''),
    hello: () => ({
      territory: setting('territory') ?? own(own(window, 'Shopify'), 'country'),
      locale: locale(),
      consent: level,
      gpc: consent.gpc() || null,
      page: {
        url: publicUrl(location.href),
        referrer: publicUrl(document.referrer) || null,
        kind: kind(),
      },
    }),
    load: record,
    save: (known) => save(level, known),
    welcomed(another, settings) {
      setServerSettings(settings);
      told = stringify([location.href, kind()]);
      if (another) tellView(true);
    },
    changed: () => draw(),
    offered(offer) {
      if (!emit('offer', { ...offer })) taken.add(offer.id);
    },
    withdrawn(id) {
      accepting.delete(id);
      emit('withdraw', { offer: id });
    },
    accepted(id, { token, code, hold }) {
      const offer = accepting.get(id);
      // Another tab's click is that tab's to tell the shop: it goes into the cart once.
      if (!offer) return;
      accepting.delete(id);
      const { endsAt, ...plain } = offer;
      emit('accepted', { offer: plain, token, code, hold });
      if (!taken.has(id)) card.kept(offer, { hold, code });
    },
    refused(id, code) {
      const offer = accepting.get(id);
      accepting.delete(id);
      emit('error', { code: `refused.${code}`, offer: id });
      if (offer && !taken.has(id)) card.ended();
    },
    stopped: (code) => emit('error', { code: `closed.${code}` }),
  });

  const card = createCard(
    () => ({
      locale: locale(),
      words: words(locale(), setting('strings')),
      theme: setting('theme') ?? 'auto',
      wish: {
        placement: setting('placement') ?? '',
        corner: setting('corner') ?? 'bottom-end',
        inline: setting('inline') ?? '',
      },
    }),
    {
      accept: (id) => accept(id),
      dismiss: (id) => session.dismiss(id),
      seen: (id) => session.send({ t: 'seen', offer: id }),
      own: ({ sku, url }) =>
        verdict.product?.sku === sku || (!!url && pathOf(url) === pathOf(location.href)),
    },
  );

  /** @param {string} id @param {number} [qty] */
  const accept = (id, qty) => {
    const offer = session.offers().find((one) => one.id === id);
    if (!offer) return emit('error', { code: 'refused.ended', offer: id });
    accepting.set(id, offer);
    session.send({ t: 'accept', offer: id, qty });
  };

  const draw = () => {
    const may = ready && !away && level !== 'none' && !SILENT.includes(kind());
    const standing = may ? session.offers().filter(({ id }) => !taken.has(id)) : [];
    // A dialogue of the shop's own has the shopper's attention.
    if (standing.length && document.querySelector(MODAL)) {
      card.show(undefined);
      later(1000, draw);
      return;
    }
    const here = standing.find(({ sku }) => sku === verdict.product?.sku);
    card.show(here ?? standing.at(-1));
  };

  let viewed = '';
  /** @param {boolean} [again] to a session that has not heard it */
  const tellView = (again) => {
    const { product } = verdict;
    const now = stringify([location.pathname, product?.sku]);
    if (product && (again || now !== viewed)) session.send({ t: 'view', ...product });
    viewed = product ? now : '';
    if (again && cart) session.send({ t: 'cart', lines: cart });
  };

  const tellPage = () => {
    const now = stringify([location.href, kind()]);
    if (now === told && !own(page, 'moment')) return;
    const first = !told;
    told = now;
    const message = {
      t: 'page',
      url: publicUrl(location.href),
      kind: kind(),
      query: own(page, 'query'),
      moment: own(page, 'moment'),
    };
    // The first page travels in `hello`.
    if (!first || message.moment || message.query) session.send(message);
  };

  const heedConsent = () => {
    const [now] = consent.now();
    if (now === level) return;
    level = now;
    if (now === 'none') {
      session.send({ t: 'consent', consent: now, gpc: consent.gpc() || null }, false);
      session.forget();
      tabs.close();
      save('none', null);
    } else {
      save(level, load(level));
      session.send({ t: 'consent', consent: now, gpc: consent.gpc() || null }, false);
      connect();
    }
    draw();
  };

  /** Only where there is something to say: an idle page has no connection. */
  const connect = () => {
    if (!ready || level === 'none') return;
    const interesting = verdict.product || cart?.length || record() || kind() !== 'other';
    if (!interesting) return;
    if (asked || record() || level !== 'anonymous') return session.wake();
    asked = true;
    tabs.ask(
      guard((found) => {
        if (found && level === 'anonymous') save(level, found);
        session.wake();
      }),
    );
  };

  const watch = watchPage(
    (found) => {
      verdict = found;
      consent.look();
      tellPage();
      tellView();
      connect();
      draw();
    },
    (lines, source) => {
      cartSource = source;
      if (stringify(lines) === stringify(cart)) return;
      const empty = !lines.length && !cart?.length;
      cart = lines;
      if (ready && !empty) session.send({ t: 'cart', lines });
    },
    (entry) => consent.heardLayer(entry),
  );

  const commands = /** @type {any} */ ({
    __proto__: null,
    identify: (/** @type {any} */ who) => {
      const identity =
        typeof who === 'string'
          ? who
          : (own(who, 'token') ?? (own(who, 'hmac') && { customer: who.customer, hmac: who.hmac }));
      if (identity) session.send({ t: 'identify', identity });
      else emit('error', { code: 'command.identify' });
    },
    logout: () => session.send({ t: 'logout' }),
    view: (/** @type {any} */ view) => watch.view(typeof view === 'string' ? { sku: view } : view),
    cart: (/** @type {any} */ lines) => watch.cart(lines),
    page: (/** @type {any} */ what) => {
      page = what;
      if (ready) tellPage();
      connect();
      draw();
    },
    activity: (/** @type {string} */ what) => session.send({ t: 'activity', kind: what }, false),
    consent: (/** @type {any} */ value) => consent.call(value),
    accept,
    dismiss: (/** @type {string} */ id) => session.dismiss(id),
    seen: (/** @type {string} */ id) => session.send({ t: 'seen', offer: id }),
    on,
    off,
    doctor: () => {
      const [who, source] = consent.now();
      const server = serverUrl('').replace(/\/$/, '');
      return Promise.resolve(
        examine({
          version: VERSION,
          server,
          includes,
          settings: Object.fromEntries(
            SETTINGS.map((name) => [name, settingAndSource(name)]).filter(([, [, from]]) => from),
          ),
          page: { url: publicUrl(location.href), kind: kind() },
          product: verdict.product,
          fields: verdict.fields,
          conflicts: verdict.conflicts,
          cart: { lines: cart, source: cartSource },
          consent: { level: who, source, gpc: consent.gpc() },
          connection: session.status(),
          offers: session.offers().map(({ id, sku }) => ({ id, sku })),
          shown: card.shown() ?? null,
        }),
      );
    },
  });

  /** @type {any} */
  const api = (/** @type {string} */ command, /** @type {any[]} */ ...args) => {
    const run = commands[command];
    if (!run) return void emit('error', { code: 'command.unknown', command });
    return guard(run)(...args);
  };
  api.again = () => {
    includes++;
  };
  replay('ready', () => (ready ? [{ version: VERSION }] : []));
  replay('offer', () => session.offers().map((offer) => ({ ...offer })));

  const run = guard(() => {
    defineElement(draw);
    watchPolicy(serverUrl('').replace(/\/$/, ''));
    place = pathOf(location.href);
    level = consent.now()[0];
    for (const entry of queue) {
      // The long form of the stub remembers when and where it was called.
      const stamped = typeof entry[0] === 'number';
      const [command, ...args] = [...entry].slice(stamped ? 2 : 0);
      const gone = stamped && pathOf(entry[1]) !== place && /^(view|page)$/.test(command);
      if (!gone) api(command, ...args);
    }
    ready = true;
    consent.look();
    heedConsent();
    emit('ready', { version: VERSION });
    watch.look();
    watch.askCart();
    watchActivity((what, worthIt) =>
      session.send({ t: 'activity', kind: what }, worthIt && session.status().session !== ''),
    );
    onNavigation(() => {
      if (stringify([location.pathname, location.search]) === stringify(place)) return;
      watch.moved();
    });
  });

  const leave = () => {
    away = true;
    tabs.close();
    session.suspend();
    draw();
  };
  const back = () => {
    away = false;
    session.tick();
    if (ready) connect();
    draw();
  };
  listen(window, 'pagehide', leave);
  listen(document, 'freeze', leave);
  listen(window, 'pageshow online', back);
  listen(document, 'resume', back);
  listen(document, 'visibilitychange', () => {
    if (!document.hidden) back();
  });
  listen(document, 'prerenderingchange', back);
  // Shops print what we look for at the end of the page, too.
  if (document.readyState === 'loading') listen(document, 'DOMContentLoaded', () => whenIdle(run));
  else whenIdle(run);
  return api;
}
