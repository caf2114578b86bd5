/** Activity of the shopper that decides the moment of an offer; never the shopper's input itself. */

import { now } from './clock.js';
import { later, listen } from './guard.js';

const QUIET_MS = 3_000;
/** Least time between two reports of input; the end of input is always reported. */
const REPORT_MS = 1_000;
/** A finger that scrolls up by half a screen within this time is on its way to the address bar. */
const FLICK_MS = 400;
/** A finger has left the screen for no longer than this while its movement goes on. */
const TOUCH_MS = 1_000;
/** A tab that is left sooner than this was not looked at. */
const DWELL_MS = 10_000;

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
  const exit = () => report('exit');
  // On a phone no pointer leaves through the top. Leaving looks like this: a quick scroll up, the way
  // back, or another tab after a while.
  let [visible, touched, height, highest, at] = [now(), -TOUCH_MS, 0, 0, 0];
  let [touches, place] = [false, ''];
  listen('touchstart touchmove', () => {
    [touches, touched, place] = [true, now(), location.pathname];
  });
  listen('scroll', () => {
    if (scrollY > height || now() - at > FLICK_MS) [highest, at] = [scrollY, now()];
    height = scrollY;
    if (highest - height < innerHeight / 2 || now() - touched > TOUCH_MS) return;
    highest = height;
    exit();
  });
  listen('popstate', () => {
    if (touches && place !== location.pathname) exit();
  });
  listen('visibilitychange', () => {
    if (!document.hidden) visible = now();
    else if (touches && now() - visible > DWELL_MS) exit();
    report(document.hidden ? 'hidden' : 'visible');
  });
  // The pointer leaves through the top: towards the tabs or the address.
  listen('mouseleave', ({ target, clientY }) => {
    if (target === document.documentElement && clientY <= 0) exit();
  });
}
