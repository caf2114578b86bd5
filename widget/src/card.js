/** The card that shows an offer: built without HTML text, in a shadow root, announced to screen readers. */

import sheetText from './card.css';
import { now } from './clock.js';
import { isDark } from './colour.js';
import { el } from './dom.js';
import { countdown, money, percent } from './format.js';
import { bare, guard, later, listen } from './guard.js';
import { own } from './json.js';
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
 * @property {boolean} own whether the page is about this offer's product
 * @property {string} inline where its price is, if the card belongs there
 */

/**
 * @param {(offer: Standing) => Look} look
 * @param {(act: 'accept' | 'dismiss' | 'seen', offer: Standing) => void} act
 */
export function createCard(look, act) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheetText);
  /** @type {Standing | undefined} the one that can be taken now */
  let offer;
  /** @type {Standing} the latest one */
  let last;
  /** @type {HTMLElement | undefined} */
  let host;
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

  const put = () => {
    if (!host) return;
    const { theme, inline } = look(last);
    const { body } = document;
    host.dir = getComputedStyle(body).direction;
    card.style.setProperty('--font', getComputedStyle(body).fontFamily);
    [flows, room] = place(host, card, last.sku, inline);
    card.style.colorScheme = theme ?? (isDark(flows ? host : body) ? 'dark' : 'light');
  };

  const hide = () => {
    clearTimeout(timer);
    offer = undefined;
    if (!host) return;
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
      host.lang = look(last).words.lang;
      const root = host.attachShadow(bare({ mode: 'open' }));
      root.adoptedStyleSheets = [sheet];
      root.append(said, card);
    }
    put();
    if (focused) card.focus();
    said.textContent = '';
    // A live region must exist before its text, or screen readers do not announce it.
    later(150, () => {
      said.textContent = text;
    });
    tick();
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

  /** @type {(item: Standing, look: Look) => string} its price, or what comes off the order */
  const gist = ({ price, level, at_most, percent_bp = 0 }, { locale, words }) => {
    // To one who does not know a level, the price is true all the same.
    if (!own(words, level)) return money(price, locale);
    return percent_bp
      ? percent(-percent_bp / 1e4, locale)
      : money({ ...at_most, amount: -at_most.amount }, locale);
  };

  /** @param {Standing} item */
  const open = (item) => {
    offer = last = item;
    end = gone = item.endsAt;
    seen = false;
    const looks = look(item);
    const { words, locale, own: here } = looks;
    // What comes off the order is no price of what is looked at: neither its name nor its picture
    // stands beside it, and nothing is struck through.
    const off = own(words, item.level);
    const { title, image, url, was, percent: less } = off ? bare({ title: off }) : item;
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

    const price = gist(item, looks);
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
    if (off && item.percent_bp) row.append(most(money(item.at_most, locale)));
    // Beside the price, in the same paint: the law's place for it.
    if (item.disclosure) row.append(el('small', '', item.disclosure));

    const ends = timed(words.ends, item.max_qty > 1 ? ` · ${most(item.max_qty)}` : '');
    ends.role = 'timer';
    const take = button(words.accept, '', (node) => {
      if (node.ariaDisabled) return;
      node.ariaDisabled = 'true';
      node.textContent = '…';
      act('accept', item);
    });
    const acting = el('div', 'row', take, button(words.dismiss, 'plain', leave));
    draw(`${title}: ${price}. ${item.disclosure ?? ''}`, head, row, ends, acting);
  };

  const tick = () => {
    clearTimeout(timer);
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
    /** @param {Standing | undefined} item what is to be seen now */
    show(item) {
      // The last message about one offer is not replaced by the next offer.
      if (item && item.id !== offer?.id && (offer || !host)) open(item);
      else if (!item && offer) hide();
    },
    /**
     * The last word about an offer: it is kept, or a click came too late. No reason is known here.
     * @type {(item: Standing, hold?: number, code?: string) => void}
     */
    conclude(item, hold = 0, code = '') {
      offer = undefined;
      last = item;
      const looks = look(item);
      const { kept, ended } = looks.words;
      const text = hold ? `${gist(item, looks)} – ${kept}` : ended;
      said.lang = looks.words.lang;
      end = now() + hold * 1000;
      // A shopper who must copy a code gets more time.
      gone = code ? end : now() + LAST_WORD_MS;
      draw(
        text.replace('{}', countdown(hold)),
        timed(text),
        el('output', '', code),
        button('OK', 'plain', hide),
      );
    },
    /** The offer on the screen may be accepted once more. */
    again() {
      if (offer) open(offer);
    },
    /** @returns {string | undefined} the id of the offer that is on the screen */
    shown: () => (room ? offer?.id : undefined),
    /** @returns {boolean} whether there is no place that leaves free what the page has fixed */
    crowded: () => !!offer && !room,
  };
}
