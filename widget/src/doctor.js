/** Report of what the widget found on this page, the sources, the conflicts, and what to do. */

import { faults } from './guard.js';

/**
 * @param {any} report what the parts say of themselves
 * @returns {any} the same with what to do, also written to the console: someone asked
 */
export function examine(report) {
  const { connection, conflicts, consent, dialogue, server, product, tags, kind } = report;
  const { transport, stopped, failures } = connection;
  const advice = [
    !server && 'Set data-server.',
    tags > 1 && 'Remove a tag.',
    consent[0] === 'none' && `No consent: ${consent[1]}.`,
    stopped && `Closed: ${stopped}.`,
    failures &&
      !transport &&
      `No answer: is ${location.origin} in TACTFUL_ORIGINS, and ${server} in connect-src?`,
    !product && kind === 'product' && "Call tactful('view', sku).",
    dialogue && `Hidden by a dialogue: ${dialogue}.`,
    conflicts[0] && 'Make the sources agree.',
  ].filter(Boolean);
  const full = { ...report, faults, advice };
  console.log('tactful', full);
  return full;
}
