/** Reaction of the widget to each close code, as in the table of `server/PROTOCOL.md`. */

/** Codes after which a retry would fail again, until the next page load. */
const STOP = /10(03|07|09|10)|44(00|01|03|09)/;

/**
 * @param {number} code
 * @returns {'reconnect' | 'resume' | 'stop'} when there is something to say, soon, or never
 */
export const afterwards = (code) =>
  STOP.test(`${code}`) ? 'stop' : code === 1000 ? 'reconnect' : 'resume';
