/** What cards need beside the core: other languages, more time, "Why this price?", what was reserved. */

import { el } from '../dom.js';
import { money, percent } from '../format.js';
import { bare } from '../guard.js';
import { own, parse, stringify } from '../json.js';
import { EXTRA_KEYS, EXTRA_TABLE } from './words.js';

export { PATHS, TABLE } from './words.js';

/** @typedef {import('../session.js').Standing} Standing */

/** From this time before the end on the card offers more time. WCAG 2.2.1 asks for at least 20 s. */
const NEAR_MS = 60_000;
const KEPT = 'tactful.kept';

/**
 * @typedef {object} Tools what a card lends to its extra rows
 * @property {(text: string, className: string, click: (node: HTMLElement) => void) => HTMLElement} button
 * @property {(act: 'more_time', offer: Standing) => void} act
 * @property {(ms: number, fn: () => void) => number} later
 * @property {(text: string, lang: string) => void} say to screen readers
 * @property {() => number} now
 */

/** @typedef {import('../card.js').Look} Look */

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
 * @param {string} code a discount code, if the offer has one
 * @param {Look} look
 * @returns {Node[]} where the price will be applied
 */
export function after(code, look) {
  const words = wordsOf(look);
  return [text('p', code ? words.enter : words.applied, words)];
}

/** Keeps an accepted offer for the next pages of this tab. @param {any} offer */
export const remember = (offer) => sessionStorage.setItem(KEPT, stringify(offer));

/** @param {string} id of an accepted offer @returns {any} the offer, if this tab accepted it */
export function recall(id) {
  const offer = parse(sessionStorage.getItem(KEPT) ?? 'null');
  return offer?.id === id ? offer : undefined;
}
