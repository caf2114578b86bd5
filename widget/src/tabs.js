/** One session for all tabs where nothing may be stored: a new tab asks the open ones. */

import { guard, later } from './guard.js';

/** An open tab mostly answers within this; a visit's first page waits so long, once. */
const ANSWER_MS = 200;

/**
 * @param {() => any} record of the session this tab is in, nothing when there is none to tell
 * @param {(found?: any) => void} heard nothing when no tab has answered in time; and the session to
 *   be in when one does, be it late: busy tabs and tabs that open at once end in one session, too
 */
export function createTabs(record, heard) {
  /** @type {BroadcastChannel | null} */
  let channel = null;
  /** When this session's first tab asked in vain, 0 if it is to be kept: the earlier one wins. */
  let asked = 0;
  let alone = false;

  const tell = () => {
    if (record()) channel?.postMessage({ ...record(), asked });
  };

  return {
    tell,
    /** An open channel keeps a page out of the back/forward cache. */
    close() {
      channel?.close();
      channel = null;
      alone = false;
    },
    /** This session is worth more now than another tab's. */
    stay() {
      asked = 0;
    },
    /** @returns {boolean} whether this tab knows which session it is in: if not, it will hear */
    ask() {
      if (!channel && !alone) {
        try {
          channel = new BroadcastChannel('tactful');
        } catch {
          // Firefox throws where all cookies are blocked. The tab then has a session of its own.
          alone = true;
          return alone;
        }
        channel.onmessage = guard(({ data }) => {
          if (data > asked) tell();
          else if (data.asked < asked) {
            asked = data.asked;
            heard(data);
          }
        });
        if (!record()) {
          asked ||= Date.now() + Math.random();
          channel.postMessage(asked);
          later(ANSWER_MS, () => {
            alone = true;
            heard();
          });
        }
      }
      return alone || !!record();
    },
  };
}
