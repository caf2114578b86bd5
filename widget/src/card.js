/** The offer on the screen: built without HTML text, in a shadow root, told to a screen reader. */

import sheetText from './card.css';
import { now } from './clock.js';
import { dress } from './colour.js';
import { el } from './dom.js';
import { countdown, duration, money, percentOff } from './format.js';
import { guard, later, listen } from './guard.js';
import { absolute } from './link.js';
import { inView, onPlaceChange, place } from './place.js';

/** How long the last word about an offer stays. */
const LAST_WORD_MS = 8_000;

/** @typedef {import('./session.js').Standing} Standing */

/**
 * @typedef {object} Look
 * @property {string} locale
 * @property {Record<string, string>} words
 * @property {string} theme
 * @property {{placement: string, corner: string, inline: string}} wish
 *
 * @typedef {object} Acts
 * @property {(id: string) => void} accept
 * @property {(id: string) => void} dismiss
 * @property {(id: string) => void} seen
 * @property {(offer: Standing) => boolean} own whether the page shows this offer's product
 */

/**
 * @param {() => Look} look
 * @param {Acts} acts
 */
export function createCard(look, acts) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheetText);
  /** @type {Standing | null} */
  let offer = null;
  /** @type {HTMLElement | null} */
  let host = null;
  let card = el('section');
  const said = el('div', 'hush');
  let clock = el('b');
  /** @type {Element | null} */
  let before = null;
  /** @type {IntersectionObserver | undefined} */
  let eyes;
  /** @type {MutationObserver | undefined} */
  let keeper;
  let timer = 0;
  let lifted = 0;

  const attach = () => {
    if (host) return;
    host = el('div');
    said.setAttribute('role', 'status');
    const root = host.attachShadow(/** @type {any} */ ({ __proto__: null, mode: 'open' }));
    root.adoptedStyleSheets = [sheet];
    root.appendChild(said);
    root.appendChild(card);
    listen(host, 'focusin', ({ relatedTarget }) => {
      if (relatedTarget instanceof Element) before = relatedTarget;
    });
    host.addEventListener(
      'keydown',
      guard((event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        if (offer) acts.dismiss(offer.id);
        hide();
      }),
    );
    // Libraries that swap the body, or the whole document, take the card with them.
    lifted = 0;
    keeper = new MutationObserver(
      guard(() => {
        if (host && !host.isConnected && lifted++ < 50) put();
      }),
    );
    keeper.observe(
      document,
      /** @type {any} */ ({ __proto__: null, childList: true, subtree: true }),
    );
  };

  const put = () => {
    if (!host) return;
    const { wish, theme, locale } = look();
    const page = getComputedStyle(document.documentElement);
    host.lang = locale;
    host.dir = page.direction;
    place(
      /** @type {Standing} */ (offer ?? { sku: '' }),
      !!offer && acts.own(offer),
      host,
      card,
      wish,
    );
    dress(card, card.dataset.at === 'slot' ? host : document.body, theme);
  };
  onPlaceChange(() => {
    if (offer && card.dataset.at !== 'slot') put();
  });

  /** @param {string} text */
  const say = (text) => {
    said.textContent = '';
    // A region must be there before its words are, or nobody reads them out.
    later(150, () => {
      said.textContent = text;
    });
  };

  /** @param {...(Node | string)} parts */
  const draw = (...parts) => {
    const focused = !!host?.shadowRoot?.activeElement;
    const fresh = el('section', 'card', ...parts);
    fresh.setAttribute('aria-label', look().words.label);
    fresh.tabIndex = -1;
    if (host) host.shadowRoot?.replaceChild(fresh, card);
    card = fresh;
    attach();
    put();
    if (focused) card.focus();
  };

  /**
   * @param {string} text
   * @param {string} className
   * @param {() => void} act
   */
  const button = (text, className, act) => {
    const node = el('button', className, text);
    node.type = 'button';
    node.addEventListener('click', guard(act));
    return node;
  };

  /** @param {Standing} item */
  const head = (item) => {
    const parts = [];
    const source = item.image && absolute(item.image);
    if (source) {
      const picture = el('img');
      picture.alt = '';
      picture.referrerPolicy = 'no-referrer';
      // A policy or a dead link must not leave a hole.
      picture.onerror = () => {
        picture.hidden = true;
      };
      picture.src = source;
      parts.push(picture);
    }
    const to = item.url && !acts.own(item) && absolute(item.url);
    const title = el('p', 'title');
    if (to) {
      const link = el('a', '', item.title);
      link.href = to;
      title.appendChild(link);
    } else title.textContent = item.title;
    return el('div', 'head', ...parts, title, el('p', 'message', item.message));
  };

  /** @param {Standing} item */
  const price = (item) => {
    const { locale, words } = look();
    const parts = [el('span', 'now', money(item.price, locale))];
    if (item.was) {
      parts.push(
        el('span', '', el('span', 'hush', `${words.was}: `), el('s', '', money(item.was, locale))),
      );
    }
    if (item.percent) parts.push(el('span', 'off', percentOff(item.percent, locale)));
    // Beside the price, in the same paint: the law's place for it.
    if (item.disclosure) parts.push(el('small', 'note', item.disclosure));
    return el('div', 'price', ...parts);
  };

  /** @param {Standing} item */
  const open = (item) => {
    const { words } = look();
    offer = item;
    clock = el('b');
    const [first, last] = words.ends.split('{time}');
    const ends = el('p', 'ends', first, clock, last ?? '');
    ends.setAttribute('role', 'timer');
    if (item.max_qty > 1) {
      ends.append(` · ${words.upTo.replace('{n}', `${item.max_qty}`)}`);
    }
    const take = button(words.accept, 'take', () => {
      if (take.ariaDisabled === 'true') return;
      take.ariaDisabled = 'true';
      take.textContent = words.wait;
      acts.accept(item.id);
    });
    const leave = button(words.dismiss, 'plain', () => {
      acts.dismiss(item.id);
      hide();
    });
    draw(head(item), price(item), ends, el('div', 'acts', take, leave));
    tick();
    const { locale } = look();
    say(
      [words.label, item.title, money(item.price, locale), item.disclosure]
        .filter(Boolean)
        .join('. '),
    );
    eyes?.disconnect();
    eyes = new IntersectionObserver(
      guard((entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting) || document.hidden) return;
        eyes?.disconnect();
        acts.seen(item.id);
      }),
      /** @type {any} */ ({ __proto__: null, threshold: 0.5 }),
    );
    eyes.observe(card);
  };

  const tick = () => {
    clearTimeout(timer);
    if (!offer) return;
    const left = offer.endsAt - now();
    clock.textContent = countdown(left / 1000);
    if (left <= 0) return hide();
    timer = later(left % 1000 || 1000, tick);
  };

  /** @type {(text: string, ...parts: Node[]) => void} */
  const lastWord = (text, ...parts) => {
    const { words } = look();
    offer = null;
    clearTimeout(timer);
    eyes?.disconnect();
    draw(el('p', 'title', text), ...parts, el('div', 'acts', button(words.close, 'plain', hide)));
    say(text);
  };

  const hide = () => {
    clearTimeout(timer);
    eyes?.disconnect();
    keeper?.disconnect();
    offer = null;
    if (!host) return;
    const focused = !!host.shadowRoot?.activeElement;
    if (host.hasAttribute('data-slot') && host.isConnected && inView(host)) {
      // The room stays until it is out of sight: nothing the shopper reads may jump.
      const blank = el('div');
      blank.style.blockSize = `${host.offsetHeight}px`;
      host.parentNode?.insertBefore(blank, host);
      new IntersectionObserver((entries, self) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) return;
        self.disconnect();
        blank.parentNode?.removeChild(blank);
      }).observe(blank);
    }
    host.parentNode?.removeChild(host);
    host = null;
    card = el('section');
    if (focused && before instanceof HTMLElement && before.isConnected) {
      before.focus(/** @type {any} */ ({ __proto__: null, preventScroll: true }));
    }
  };

  return {
    /** @param {Standing | undefined} item what is to be seen now */
    show(item) {
      if (item && item.id === offer?.id) return tick();
      if (item) open(item);
      else if (offer) hide();
    },
    /**
     * @param {Standing} item
     * @param {{hold: number, code?: string}} accepted
     */
    kept(item, { hold, code }) {
      const { words, locale } = look();
      const text = words.kept.replace('{time}', duration(hold, locale));
      const note = code ? [el('p', '', `${words.code} `, el('span', 'code', code))] : [];
      lastWord(`${money(item.price, locale)} – ${text}`, ...note);
      if (!code) timer = later(LAST_WORD_MS, hide);
    },
    /** A click that came too late deserves an answer; no reason is known here. */
    ended() {
      lastWord(look().words.ended);
      timer = later(LAST_WORD_MS, hide);
    },
    hide,
    /** @returns {string | undefined} the id of the offer that is on the screen */
    shown: () => offer?.id,
  };
}
