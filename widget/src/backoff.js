/** Delay before the next attempt, with full jitter, so that many widgets reconnect evenly. */

const FIRST_MS = 1_000;
const CAP_MS = 30_000;

/**
 * @param {number} failures in a row, from 1
 * @param {() => number} [random] in [0, 1)
 */
export const backoff = (failures, random = Math.random) =>
  random() * Math.min(CAP_MS, FIRST_MS * 2 ** failures);
