/** What the server has not yet acknowledged, numbered once and resent in order after a break. */

/** Only the latest of these counts while it waits; a login and a logout replace each other. */
const SLOTS = { page: 1, view: 2, cart: 3, consent: 4, identify: 5, logout: 5, activity: 6 };
const LIMIT = 60;

/** @typedef {{t: string, [field: string]: any}} Message */
/** @typedef {{message: Message, n: number, sent: boolean}} Entry */

/**
 * @param {number} start above every number this session has used: other tabs and pages count too
 */
export function createOutbox(start) {
  let n = start;
  /** @type {Entry[]} */
  let entries = [];
  const slot = (/** @type {Message} */ { t }) => /** @type {any} */ (SLOTS)[t];

  return {
    next: () => ++n,
    /** @param {Message} message */
    put(message) {
      entries = entries.filter(
        (entry) => entry.sent || !slot(message) || slot(entry.message) !== slot(message),
      );
      entries.push({ message, n: 0, sent: false });
      entries = entries.slice(-LIMIT);
    },
    /** @returns {Message[]} what is to be sent now, in order; it counts as sent */
    take() {
      const due = entries.filter((entry) => !entry.sent);
      return due.map((entry) => {
        entry.sent = true;
        entry.n ||= ++n;
        return { ...entry.message, n: entry.n };
      });
    },
    /**
     * @param {number} taken the highest number the server has taken in
     * @returns {boolean} whether our numbers were behind, so that all must be sent again
     */
    acknowledge(taken) {
      const behind = taken > n;
      if (behind) {
        n = taken;
        for (const entry of entries) Object.assign(entry, { n: 0, sent: false });
      } else entries = entries.filter((entry) => !entry.sent || entry.n > taken);
      return behind;
    },
    /** The connection is gone: what it may have lost goes again, a passing activity does not. */
    rewind() {
      entries = entries.filter((entry) => entry.message.t !== 'activity');
      for (const entry of entries) entry.sent = false;
    },
    /** @param {(message: Message, n: number) => boolean} unwanted */
    drop(unwanted) {
      entries = entries.filter((entry) => !unwanted(entry.message, entry.n));
    },
    /** @param {(message: Message, n: number) => boolean} wanted */
    find: (wanted) => entries.find((entry) => wanted(entry.message, entry.n))?.message,
    get size() {
      return entries.length;
    },
  };
}
