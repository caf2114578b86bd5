/** Formatting of amounts, percentages and times in the shopper's language. */

import { bare } from './guard.js';

/**
 * ISO 4217: a number of decimals, then the currencies that have as many; all others have two.
 * A browser's own table differs from it, and changes.
 */
const DECIMALS =
  '0BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF3BHDIQDJODKWDLYDOMRTND4CLFUYW';

/**
 * @param {string} currency ISO 4217
 * @returns {number} the decimals of its minor unit
 */
export const exponent = (currency) =>
  /** @type {any} */ (DECIMALS.match(`(\\d)(...)*${currency}`)?.[1] ?? 2);

/**
 * @param {string} currency ISO 4217
 * @returns {number} minor units in a major one: 100, 1, 1000
 */
export const minor = (currency) => 10 ** exponent(currency);

/**
 * @param {{amount: number, currency: string}} money minor units
 * @param {string} locale
 */
export const money = ({ amount, currency }, locale) =>
  new Intl.NumberFormat(
    locale,
    bare({
      style: 'currency',
      currency,
      minimumFractionDigits: exponent(currency),
    }),
  ).format(amount / minor(currency));

/**
 * @param {number} share 0.125
 * @param {string} locale
 */
export const percent = (share, locale) =>
  new Intl.NumberFormat(locale, bare({ style: 'percent', maximumFractionDigits: 2 })).format(share);

/**
 * @param {number} seconds
 * @returns {string} 1:02:03 or 2:03; the same in every language
 */
export function countdown(seconds) {
  const left = Math.ceil(seconds);
  return [left / 3600, (left / 60) % 60, left % 60]
    .map((part) => `${Math.floor(part)}`.padStart(2, '0'))
    .join(':')
    .replace(/^0(0:0?)?/, '');
}
