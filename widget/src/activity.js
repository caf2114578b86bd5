/** Activity of the shopper that decides the moment of an offer; never the shopper's input itself. */

import { now } from './clock.js';
import { later, listen } from './guard.js';

const QUIET_MS = 3_000;
/** Least time between two reports of input; the end of input is always reported. */
const REPORT_MS = 1_000;

/** @param {(kind: string, worthIt?: boolean) => void} report */
export function watchActivity(report) {
  let reported = -REPORT_MS;
  let [trailing, quiet] = [0, 0];
  const input = () => {
    reported = now();
    report('input', true);
  };
  listen('keydown pointerdown input', () => {
    clearTimeout(quiet);
    clearTimeout(trailing);
    quiet = later(QUIET_MS, () => report('idle'));
    trailing = later(Math.max(0, reported + REPORT_MS - now()), input);
  });
  listen('visibilitychange', () => report(document.hidden ? 'hidden' : 'visible'));
  // The pointer leaves through the top: towards the tabs or the address.
  listen('mouseleave', ({ target, clientY }) => {
    if (target === document.documentElement && clientY <= 0) report('exit');
  });
}
