/** What the widget does after a close code: the table of `server/PROTOCOL.md`. */

/** The same again would fail the same: not before the next page load. */
const STOP = [1003, 1007, 1009, 1010, 4400, 4401, 4403, 4409];

/**
 * @param {number} code
 * @returns {'reconnect' | 'resume' | 'stop'} when there is something to say, soon, or never
 */
export const afterwards = (code) =>
  STOP.includes(code) ? 'stop' : code === 1000 ? 'reconnect' : 'resume';
