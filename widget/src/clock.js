/** Time since the page loaded, and whether it is reliable. The wall clock is not used. */

export const now = () => performance.now();

let apart = Date.now() - now();

/**
 * Whether the two clocks have moved apart since the last question.
 * Someone set the wall clock, or the machine slept and the page's clock slept with it: then
 * nobody here knows how long an offer still stands.
 */
export function jumped() {
  const before = apart;
  apart = Date.now() - now();
  return Math.abs(apart - before) > 3_000;
}
