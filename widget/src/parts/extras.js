/** What cards need beside the core: other languages, more time, "Why this price?", what was reserved. */

import { now } from '../clock.js';
import { el } from '../dom.js';
import { emit } from '../emit.js';
import { countdown, money, percent } from '../format.js';
import { bare, guard, later } from '../guard.js';
import { own, parse, stringify } from '../json.js';
import { absolute } from '../link.js';
import sheetText from './extras.css';
import { EXTRA_KEYS, EXTRA_TABLE } from './words.js';

export { homeOf } from './home.js';
export { PATHS, TABLE } from './words.js';
export { sheetText };

/** @typedef {import('../session.js').Standing} Standing */

/** From this time before the end on the card offers more time. WCAG 2.2.1 asks for at least 20 s. */
const NEAR_MS = 60_000;
const KEPT = 'tactful.kept';
/** A cart that has not answered by then is asked again if the shopper wishes. */
const ANSWER_MS = 10_000;
const WAITING = '…';
/** How long a message that asks for nothing stays. */
const READ_MS = 8_000;

/**
 * @typedef {object} Tools what a card lends to its extra rows
 * @property {(text: string, className: string, click: (node: HTMLElement) => void) => HTMLElement} button
 * @property {(act: 'more_time', offer: Standing) => void} act
 * @property {(ms: number, fn: () => void) => number} later
 * @property {(text: string, lang: string) => void} say to screen readers
 * @property {() => number} now
 */

/**
 * @typedef {object} Kit what a card lends to the one of an accepted offer
 * @property {Tools['button']} button
 * @property {(text: string) => Node} timed a line with the clock in it
 * @property {HTMLElement} close the button that closes the card
 * @property {(what: Reserved) => void} conclude opens the card
 */

/** @typedef {import('../card.js').Look} Look */
/** @typedef {import('../card.js').Reserved} Reserved */

/**
 * @param {Look} look
 * @returns {Record<string, string>} the texts of this part, and `lang`, the language of most of them
 */
export function wordsOf({ locale, strings: extra }) {
  const [language] = locale.split('-');
  const row = (
    EXTRA_TABLE.find((words) => words.startsWith(`${language}|`)) ?? EXTRA_TABLE[0]
  ).split('|');
  const changed = own(extra, locale) ?? own(extra, language);
  return {
    ...Object.fromEntries(
      EXTRA_KEYS.map((key, at) => [key, `${own(changed, key) ?? row[at + 1]}`]),
    ),
    lang: changed ? locale : row[0],
  };
}

/**
 * What comes off the order is no price of what is looked at: neither its name nor its picture stands
 * beside it, and nothing is struck through.
 * @param {any} item
 * @param {Look} look
 * @returns {any} the title, the deduction and its limit; nothing for an item's price
 */
export function deduction({ level, at_most, percent_bp }, look) {
  const title = level && own(wordsOf(look), level);
  if (!title) return;
  const most = (/** @type {number} */ sign) =>
    money({ ...at_most, amount: sign * at_most.amount }, look.locale);
  return percent_bp
    ? bare({ title, price: percent(-percent_bp / 1e4, look.locale), limit: most(1) })
    : bare({ title, price: most(-1) });
}

/**
 * @param {Standing} item
 * @param {Look} look
 * @param {Tools} tools
 * @returns {[above: Node[], below: Node[]]} rows above the offer, and above its buttons
 */
export function rows(item, look, tools) {
  const words = wordsOf(look);
  /** @type {Node[]} */
  const above = item.voucher ? [text('b', words.voucher_title, words)] : [];
  /** @type {Node[]} */
  const below = [];
  // Words that this version does not know are left out.
  const kinds = (item.inputs ?? []).map((kind) => own(words, `input_${kind}`)).filter(Boolean);
  if (kinds[0]) {
    const list = el('ul');
    for (const kind of kinds) list.append(text('li', kind, words));
    const why = el('details', '', text('summary', words.why, words), list);
    below.push(why);
  }
  if (item.more_time && !item.voucher) {
    const more = tools.button(words.more, 'plain', (node) => {
      if (node.ariaDisabled) return;
      node.ariaDisabled = 'true';
      tools.act('more_time', item);
    });
    more.lang = words.lang;
    const early = item.endsAt - tools.now() - NEAR_MS;
    if (early > 0) {
      // The layout of buttons outweighs the attribute `hidden`.
      more.style.display = 'none';
      tools.later(early, () => {
        more.style.display = '';
        if (more.isConnected) tools.say(`${words.near} ${words.more}`, words.lang);
      });
    }
    below.push(more);
  }
  return [above, below];
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} content @param {Record<string, string>} words
 */
function text(tag, content, words) {
  const node = el(tag, '', content);
  node.lang = words.lang;
  return node;
}

/**
 * @param {Reserved} what
 * @param {unknown} small whether the card is only to be the button that opens it
 * @param {Look} look
 * @param {Kit} kit
 * @returns {[announced: string, ...Node[]]} the card of an accepted offer
 */
export function after(what, small, look, { button, timed, close, conclude }) {
  if (small) {
    const open = button('', 'plain', () => conclude(what));
    open.append(timed(look.words.kept));
    return ['', open];
  }
  const { item, until, code, cart } = what;
  const price = deduction(item, look)?.price ?? money(item.price, look.locale);
  const text = `${price} – ${look.words.kept}`;
  const [where, ...further] = steps(what, look, button);
  // A shopper who must copy a code, or whose cart has not answered, gets more time.
  if (!code && (!cart || cart.ok)) later(READ_MS, () => close.isConnected && close.click());
  const said = text.replace('{}', countdown((until - now()) / 1000));
  return [`${said} ${where.textContent}`, timed(text), where, ...further, close];
}

/**
 * @param {Reserved} what
 * @param {Look} look
 * @param {Tools['button']} button
 * @returns {Node[]} where the price is applied, first in words, and what the shopper can do
 */
function steps({ code, cart, ask }, look, button) {
  const words = wordsOf(look);
  if (cart?.ok) {
    const line = text('p', words.in_cart, words);
    if (!cart.url) return [line];
    const link = text('a', words.view_cart, words);
    link.href = absolute(cart.url);
    return [line, link];
  }
  /** @type {HTMLElement[]} */
  const nodes = [text('p', code ? words.enter : words.applied, words)];
  if (cart) {
    // What the page says is in the page's language.
    nodes[0] = cart.text ? el('p', '', cart.text) : text('p', words.no_answer, words);
    if (cart.text !== WAITING)
      nodes.push(
        worded(
          button(words.retry, '', () => ask?.()),
          words,
        ),
      );
  }
  if (code) {
    if (cart) nodes.push(text('p', words.enter, words));
    const output = el('output', '', code);
    const copy = button(words.copy, 'plain', async () => {
      try {
        await navigator.clipboard.writeText(code);
        copy.textContent = words.copied;
      } catch {
        // Pages without TLS and some policies have no clipboard: the shopper copies what is selected.
        getSelection()?.selectAllChildren(output);
      }
    });
    nodes.push(output, worded(copy, words));
  }
  return nodes;
}

/** @param {HTMLElement} node @param {Record<string, string>} words */
const worded = (node, words) => {
  node.lang = words.lang;
  return node;
};

/**
 * Takes over an accepted offer: tells the shop of a new one, and finds one of an earlier page again.
 * @param {Reserved} what
 * @param {(what: Reserved, inCart: (answer: unknown) => void) => void} tell
 * @param {{conclude: (what: Reserved) => void, keep: (what: Reserved) => void}} card
 */
export function reserve(what, tell, card) {
  what.ask = () => tell(what, listener(what, card.conclude));
  if (what.item) {
    remember(what);
    what.ask();
    return;
  }
  const kept = parse(sessionStorage.getItem(KEPT) ?? 'null');
  if (kept?.id !== what.id) return;
  // A page that was left before its cart had answered will not hear the answer.
  if (kept.cart?.text === WAITING) kept.cart = {};
  card.keep(Object.assign(what, kept));
}

/**
 * @param {Reserved} what
 * @param {(what: Reserved) => void} show brings the card up to date
 * @returns {(answer: unknown) => void} takes the page's promise of `{url}` of the cart, or of
 *   `{failed}`, a text for the shopper
 */
const listener = (what, show) => (answer) => {
  const asked = { text: WAITING };
  what.cart = asked;
  remember(what);
  /** @param {Reserved['cart']} cart */
  const settle = (cart) => {
    // The first answer counts, and none to an earlier question.
    if (what.cart !== asked) return;
    what.cart = cart;
    remember(what);
    show(what);
  };
  /** @param {string} code @param {unknown} [error] */
  const fail = (code, error) => {
    if (what.cart !== asked) return;
    settle({});
    emit('error', { code, offer: what.id, error });
  };
  later(ANSWER_MS, () => fail('cart.late'));
  Promise.resolve(answer).then(
    guard((found) => {
      const failed = own(found, 'failed');
      const url = own(found, 'url');
      settle(failed ? { text: `${failed}` } : { ok: true, url: url && `${url}` });
    }),
    guard((error) => fail('cart.error', error)),
  );
};

/** Keeps an accepted offer for the next pages of this tab. @param {Reserved} what */
function remember({ id, item, cart }) {
  guard(() => sessionStorage.setItem(KEPT, stringify({ id, item, cart })))();
}
