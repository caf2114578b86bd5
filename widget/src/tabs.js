/** One session for all tabs where nothing may be stored: a new tab asks the open ones. */

import { guard, later } from './guard.js';

/** A busy browser answers within this; a visit's first page waits so long, once. */
const ANSWER_MS = 500;

/** @param {() => any} record of the session this tab is in, nothing when there is none to tell */
export function createTabs(record) {
  /** @type {BroadcastChannel | null} */
  let channel = null;
  /** @type {((found?: any) => void) | undefined} */
  let hoping;

  return {
    /** An open channel keeps a page out of the back/forward cache. */
    close() {
      channel?.close();
      channel = null;
    },
    /** @param {(found?: any) => void} answer called once, with nothing when there is none to learn */
    ask(answer) {
      if (!channel) {
        channel = new BroadcastChannel('tactful');
        channel.onmessage = guard(({ data }) => {
          if (data !== 'ask') hoping?.(data);
          else if (record()) channel?.postMessage(record());
        });
      }
      if (record()) return answer();
      hoping = (found) => {
        hoping = undefined;
        answer(found);
      };
      channel.postMessage('ask');
      later(ANSWER_MS, () => hoping?.());
    },
  };
}
