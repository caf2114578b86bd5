/** Messages that the server has not acknowledged, numbered once and resent in order after a reconnect. */

/** Messages of these types are all kept; of others only the latest waits. */
const EACH = /accept|dismiss|seen/;

/** @typedef {{t: string, [field: string]: any}} Message */
/** @typedef {{message: Message, n: number, sent: boolean}} Entry */

/** A login and a logout replace each other. @param {Entry} entry */
const slot = ({ message: { t } }) => (t === 'logout' ? 'identify' : t);

/** @param {number} n above every number this session has used: other tabs and pages count too */
export function createOutbox(n) {
  /** @type {Entry[]} */
  let entries = [];

  return {
    next: () => ++n,
    /** @param {Message} message */
    put(message) {
      const entry = { message, n: 0, sent: false };
      entries = entries.filter(
        (one) => one.sent || EACH.test(message.t) || slot(one) !== slot(entry),
      );
      entries.push(entry);
    },
    /**
     * @param {boolean} [again] only what was sent before, and has its number
     * @returns {Message[]} what is to be sent now, in order; it counts as sent
     */
    take(again) {
      const due = entries.filter(({ n, sent }) => !sent && (n || !again));
      return due.map((entry) => {
        entry.sent = true;
        entry.n ||= ++n;
        return { ...entry.message, n: entry.n };
      });
    },
    /** @param {number} taken the highest number the server has taken in */
    acknowledge(taken) {
      entries = entries.filter((entry) => !entry.n || entry.n > taken);
      // Another tab's numbers, or a wall clock set back between two pages: ours go on above.
      n = Math.max(n, taken);
    },
    /** The connection is gone: what it may have lost goes again, a passing activity does not. */
    rewind() {
      entries = entries.filter(({ message: { t } }) => t !== 'activity');
      for (const entry of entries) entry.sent = false;
    },
    /** @param {RegExp} types */
    drop(types) {
      entries = entries.filter(({ message: { t } }) => !types.test(t));
    },
  };
}
