/** Texts of the card; a shop changes or adds some with the setting `strings`. */

import { own } from './json.js';

/** @typedef {'accept' | 'dismiss' | 'was' | 'ends' | 'kept' | 'ended'} Key */

export const KEYS = /** @type {Key[]} */ ('accept|dismiss|was|ends|kept|ended'.split('|'));

/** The words in the order of KEYS; {} is where the time or the amount goes. */
const ENGLISH =
  'en|Take this offer|No, thanks|Before|Ends in {}|Reserved: {}|This offer has ended.';

/**
 * @param {string} locale BCP 47
 * @param {any} extra the shop's `strings`: `{ar: {accept: '…'}}`
 * @param {string[]} [table] other languages, in the form of ENGLISH; see `parts/words.js`
 * @returns {Record<Key | 'lang', string>} `lang` is the language of most of them
 */
export function words(locale, extra, table = []) {
  const [language] = locale.split('-');
  const row = (table.find((words) => words.startsWith(`${language}|`)) ?? ENGLISH).split('|');
  const changed = own(extra, locale) ?? own(extra, language);
  return /** @type {any} */ ({
    ...Object.fromEntries(KEYS.map((key, at) => [key, `${own(changed, key) ?? row[at + 1]}`])),
    // Screen readers read a text in the language it is marked with.
    lang: changed ? locale : row[0],
  });
}
