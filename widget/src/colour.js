/** Detection of a dark page background, to which the card adapts. */

/**
 * @param {Element | null} place where the card is shown
 * @returns {boolean}
 */
export function isDark(place) {
  if (!place) return false;
  const [r, g, b, alpha = 1] = (getComputedStyle(place).backgroundColor.match(/^rgb|[\d.]+/g) ?? [])
    .slice(1)
    .map(Number);
  // Nothing painted here, or in another notation than rgb().
  if (!(b >= 0 && alpha > 0.9)) return isDark(place.parentElement);
  return r * 0.3 + g * 0.6 + b * 0.1 < 110;
}
