/** What the shopper does, as far as the right moment depends on it; never what she types. */

import { later, listen } from './guard.js';

const QUIET_MS = 3_000;
/** Input is reported at most so often, and always once more at its end. */
const REPORT_MS = 1_000;

/** @param {(kind: string, worthIt: boolean) => void} report */
export function watchActivity(report) {
  let reported = 0;
  let trailing = 0; // a timer, when one runs
  let quiet = 0;
  const input = () => {
    reported = performance.now();
    trailing = 0;
    report('input', true);
  };
  listen(
    document,
    'keydown pointerdown input',
    () => {
      clearTimeout(quiet);
      quiet = later(QUIET_MS, () => report('idle', false));
      const wait = reported + REPORT_MS - performance.now();
      if (!reported || wait <= 0) input();
      else trailing ||= later(wait, input);
    },
    true,
  );
  listen(document, 'visibilitychange', () => {
    report(document.hidden ? 'hidden' : 'visible', !document.hidden);
  });
  // The pointer leaves through the top: towards the tabs or the address.
  let left = false;
  listen(document.documentElement, 'mouseleave', ({ clientY }) => {
    if (left || clientY > 0) return;
    left = true;
    report('exit', false);
  });
}
