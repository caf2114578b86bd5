/** Amounts, shares and durations as the shopper's language writes them. */

/**
 * @param {string} currency ISO 4217
 * @returns {number} its decimals; 2 when the browser does not know it
 */
export function exponent(currency) {
  try {
    const { maximumFractionDigits } = new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
    }).resolvedOptions();
    return maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/**
 * @param {{amount: number, currency: string}} money minor units
 * @param {string} locale
 */
export const money = ({ amount, currency }, locale) =>
  new Intl.NumberFormat(locale, { style: 'currency', currency }).format(
    amount / 10 ** exponent(currency),
  );

/**
 * @param {number} whole percent off, already rounded down by the server
 * @param {string} locale
 */
export const percentOff = (whole, locale) =>
  new Intl.NumberFormat(locale, { style: 'percent' }).format(-whole / 100);

/**
 * @param {number} seconds
 * @returns {string} 1:02:03 or 2:03; the same in every language
 */
export function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  const two = (/** @type {number} */ part) => `${part}`.padStart(2, '0');
  const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * @param {number} seconds
 * @param {string} locale
 * @returns {string} "30 minutes", never more than is left
 */
export function duration(seconds, locale) {
  const [count, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.floor(seconds / 60), 'minute']
        : [Math.floor(seconds / 3600), 'hour'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
