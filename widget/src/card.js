/** The card that shows an offer: built without HTML text, in a shadow root, announced to screen readers. */

import sheetText from './card.css';
import { now } from './clock.js';
import { isDark } from './colour.js';
import { el } from './dom.js';
import { countdown, money, percent } from './format.js';
import { bare, guard, later, listen } from './guard.js';
import { absolute } from './link.js';
import { inView, place } from './place.js';

/** How long the last message about an offer stays. */
const LAST_WORD_MS = 8_000;

/** @typedef {import('./session.js').Standing} Standing */

/**
 * @typedef {object} Look
 * @property {string} locale
 * @property {Record<string, string>} words
 * @property {string} [theme] light or dark; else as the page is
 * @property {any} strings the shop's own texts
 * @property {any} more the part with further rows; nothing where it cannot be had
 * @property {boolean} own whether the page is about this offer's product
 * @property {string | boolean} inline where its price is, if the card belongs there; true: not named
 */

/**
 * @typedef {object} Reserved an accepted offer, or one that had ended
 * @property {string} [id]
 * @property {any} item the offer; nothing if it was accepted on an earlier page
 * @property {number} until the end on the page's clock; 0: it had ended
 * @property {string} [token]
 * @property {string} [code] a discount code of the shop's platform
 * @property {{ok?: boolean, url?: string, text?: string}} [cart] what the page's cart answered so far;
 *   nothing: the page has not said that it will answer
 * @property {() => void} [ask] tells the page once more
 */

/**
 * @param {(offer: Standing) => Look} look
 * @param {(act: 'accept' | 'dismiss' | 'seen' | 'more_time', offer: Standing) => void} act
 */
export function createCard(look, act) {
  const sheet = new CSSStyleSheet();
  /** @type {Standing | undefined} the one that can be taken now */
  let offer;
  /** @type {Standing} the latest one */
  let last;
  /** @type {HTMLElement | undefined} */
  let host;
  /** @type {any} the part whose rules are in the sheet of `host` */
  let extra;
  let card = el('section');
  let clock = el('b');
  const said = el('div', 'hush');
  said.role = 'status';
  /** @type {any} what had the focus before the card */
  let before;
  let [flows, seen, room] = [false, false, true];
  /** What the clock counts down to, and when the card goes. */
  let [end, gone] = [0, 0];
  let timer = 0;
  /** @type {Reserved | undefined} it can be opened again */
  let kept;
  /** @type {unknown} whether the card is the small one that opens it */
  let resting;

  const put = () => {
    if (!host) return;
    const { theme, inline } = look(last);
    const { body, documentElement } = document;
    // What is measured must be on the page.
    if (!host.isConnected) documentElement.appendChild(host);
    host.dir = getComputedStyle(body).direction;
    card.style.setProperty('--font', getComputedStyle(body).fontFamily);
    [flows, room] = place(host, card, ...(extra?.homeOf?.(host, card, last.sku, inline) ?? []));
    card.style.colorScheme = theme ?? (isDark(flows ? host : body) ? 'dark' : 'light');
  };

  /** @param {any} [quiet] nothing is to be seen at all */
  const hide = (quiet) => {
    clearTimeout(timer);
    offer = undefined;
    resting = 0;
    if (host) {
      const focused = host.shadowRoot?.activeElement;
      if (flows && inView(host)) {
        // The space stays until the next page, so that the content below does not move.
        const blank = el('div');
        blank.style.height = `${host.offsetHeight}px`;
        host.before(blank);
      }
      host.remove();
      host = undefined;
      if (focused) before?.focus();
    }
    if (!quiet && kept && kept.until > now()) conclude(kept, 1);
  };

  const leave = () => {
    if (offer) act('dismiss', offer);
    hide();
  };

  /** @type {(text: string, ...parts: Node[]) => void} */
  const draw = (text, ...parts) => {
    const focused = host?.shadowRoot?.activeElement;
    const old = card;
    card = el('section', 'card', ...parts);
    card.ariaLabel = last.title;
    card.tabIndex = -1;
    if (host) {
      // In the page's flow the next card takes no less room: nothing below it may jump.
      if (flows) card.style.minHeight = `${old.offsetHeight}px`;
      old.replaceWith(card);
    } else {
      host = el('div');
      const { words, more } = look(last);
      extra = more;
      host.lang = words.lang;
      sheet.replaceSync(sheetText + (more?.sheetText ?? ''));
      const root = host.attachShadow(bare({ mode: 'open' }));
      root.adoptedStyleSheets = [sheet];
      root.append(said, card);
    }
    put();
    if (focused) card.focus();
    said.textContent = '';
    // A live region must exist before its text, or screen readers do not announce it.
    later(150, () => say(text));
    tick();
  };
  const say = (/** @type {string} */ text, lang = said.lang) => {
    said.lang = lang;
    said.textContent = text;
  };

  /** @param {string} text @param {string} [rest] @returns {HTMLElement} with the clock in it */
  const timed = (text, rest = '') => {
    const [first, then] = text.split('{}');
    clock = el('b');
    return then == null ? el('p', '', text) : el('p', '', first, clock, then + rest);
  };

  /** @type {(text: string, className: string, click: (node: HTMLElement) => void) => HTMLElement} */
  const button = (text, className, click) => {
    const node = el('button', className, text);
    node.type = 'button';
    node.onclick = guard(() => click(node));
    return node;
  };

  /** @param {Standing} item */
  const open = (item) => {
    seen = seen && last.id === item.id;
    resting = 0;
    offer = last = item;
    const looks = look(item);
    const { words, locale, own: here } = looks;
    // What comes off the order; nothing for an item's price, which is true all the same.
    const off = looks.more?.deduction?.(item, looks);
    const { title, image, url, was, percent: less } = off ?? item;
    const head = el('div', 'row head');
    if (image) {
      const picture = el('img');
      picture.alt = '';
      // A blocked or missing picture must not leave an empty space.
      picture.onerror = () => picture.remove();
      picture.src = absolute(image);
      head.append(picture);
    }
    const name = el('a', '', title);
    const to = url && !here && absolute(url);
    if (to) name.href = to;
    head.append(el('div', '', el('b', '', name), el('p', '', item.message)));

    const price = off?.price ?? money(item.price, locale);
    const row = el('div', 'row', el('b', 'now', price));
    // What the server wrote and what the browser formats is in the page's language; the card's own
    // texts may not be.
    head.lang = row.lang = said.lang = locale;
    // "max." is short for the same in every language here.
    const most = (/** @type {any} */ what) => `max. ${what}`;
    if (was) {
      const before = el('span', 'hush', words.was);
      before.lang = words.lang;
      row.append(el('s', '', before, money(was, locale)));
    }
    if (less) row.append(el('b', '', percent(-less / 100, locale)));
    if (off?.limit) row.append(most(off.limit));
    // Beside the price, in the same paint: the law's place for it.
    if (item.disclosure) row.append(el('small', '', item.disclosure));

    const qty = item.max_qty > 1 ? most(item.max_qty) : '';
    // A voucher has no hurry, and a shop may show no clock.
    const still = item.voucher || item.countdown;
    const ends = still ? el('p', '', qty) : timed(words.ends, qty && ` · ${qty}`);
    ends.role = still ? '' : 'timer';
    ends.hidden = !(qty || !still);
    const tools = bare({ button, act, later, now, say });
    const [above, below] = looks.more?.rows?.(item, looks, tools) ?? [[], []];
    const take = button(words.accept, '', (node) => {
      if (node.ariaDisabled) return;
      node.ariaDisabled = 'true';
      node.textContent = '…';
      act('accept', item);
    });
    const acting = el('div', 'row', take, button(words.dismiss, 'plain', leave));
    draw(
      `${title}: ${price}. ${item.disclosure ?? ''}`,
      ...above,
      head,
      row,
      ends,
      ...below,
      acting,
    );
  };

  /**
   * The last word about an offer: it is kept, or a click came too late. No reason is known here.
   * @type {(what: Reserved, small?: unknown) => void}
   */
  const conclude = (what, small) => {
    const { item, until } = what;
    offer = undefined;
    resting = small;
    last = item;
    const looks = look(item);
    const { words, more } = looks;
    said.lang = words.lang;
    end = until;
    if (until) kept = what;
    gone = until || now() + LAST_WORD_MS;
    const close = button('OK', 'plain', () => hide());
    const text = until ? words.kept : words.ended;
    const kit = bare({ button, timed, close, conclude });
    /** @type {[string, ...Node[]]} */
    const parts = (until && more?.after?.(what, small, looks, kit)) || [text, timed(text), close];
    draw(...parts);
    if (small) card.className += ' small';
  };

  const tick = () => {
    clearTimeout(timer);
    // More time may have been given.
    if (offer) end = gone = offer.endsAt;
    const left = end - now();
    if (gone <= now()) return hide();
    clock.textContent = countdown(left / 1000);
    // Its place may have come, gone or filled; and libraries that swap the page take it with them.
    put();
    if (offer && room && !seen && !document.hidden && inView(card)) {
      seen = true;
      act('seen', offer);
    }
    timer = later(left % 1000 || 1000, tick);
  };

  listen('resize focusin', ({ target, relatedTarget }) => {
    if (host && target === host) before = relatedTarget ?? before;
    else put();
  });
  listen('keydown', (event) => {
    if (event.key !== 'Escape' || !host || event.target !== host) return;
    event.stopPropagation();
    leave();
  });

  return {
    /** @param {Standing | undefined} item what is to be seen now @param {any} quiet nothing is */
    show(item, quiet) {
      // The last message about one offer is not replaced by the next offer.
      if (quiet) hide(true);
      else if (item && item.id !== offer?.id && (offer || !host || resting)) open(item);
      else if (!item && (offer || !host)) hide();
    },
    conclude,
    /** @param {Reserved} what an earlier page reserved */
    keep(what) {
      kept = what;
    },
    /** @returns {boolean} whether something is reserved */
    keeps: () => !!kept && kept.until > now(),
    /** The offer on the screen may be accepted once more. */
    again() {
      if (offer) open(offer);
    },
    /** @returns {string | false | undefined} the id of the offer on the screen; false: there is no room */
    shown: () => offer && room && offer.id,
  };
}
