/** One session for all tabs where nothing may be stored: a new tab asks the open ones. */

import { later, listen } from './guard.js';

const ANSWER_MS = 60;

/** @param {() => any} record of the session this tab is in, null when it may not be told */
export function createTabs(record) {
  /** @type {BroadcastChannel | null} */
  let channel = null;
  /** @type {((record: any) => void) | null} */
  let hoping = null;

  const open = () => {
    if (channel || !window.BroadcastChannel) return;
    channel = new BroadcastChannel('tactful');
    listen(channel, 'message', ({ data }) => {
      if (data === 'ask') {
        const known = record();
        if (known) channel?.postMessage(known);
      } else if (typeof data?.resume === 'string') hoping?.(data);
    });
  };

  return {
    open,
    /** An open channel keeps a page out of the back/forward cache. */
    close() {
      channel?.close();
      channel = null;
    },
    /** @param {(record: any) => void} answer called once, with null when nobody answers */
    ask(answer) {
      open();
      if (!channel) return answer(null);
      hoping = (found) => {
        hoping = null;
        answer(found);
      };
      channel.postMessage('ask');
      later(ANSWER_MS, () => hoping?.(null));
    },
  };
}
