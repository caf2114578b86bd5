/** What the widget found on this page, from where, what conflicts, and what to do about it. */

import { jumped } from './clock.js';
import { faults, listen } from './guard.js';

/** @type {string[]} what the page's policy has refused us */
const blocked = [];

/** @param {string} origin of the server */
export const watchPolicy = (origin) =>
  listen(document, 'securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
    const ws = origin.replace(/^http/, 'ws');
    if (`${blockedURI}`.startsWith(origin) || `${blockedURI}`.startsWith(ws))
      blocked.push(effectiveDirective);
  });

/**
 * @param {any} report what the parts say of themselves
 * @returns {any} the same with what to do, also written to the console: someone asked
 */
export function examine(report) {
  const { connection, conflicts, consent, server, product, includes } = report;
  const advice = [];
  const tell = (/** @type {any} */ when, /** @type {string} */ what) => when && advice.push(what);
  tell(!server, 'Set data-server: the script does not know where the server is.');
  tell(includes > 1, 'The script is on the page twice: remove one tag.');
  tell(consent.level === 'none', `No consent (${consent.source}): nothing is sent or stored.`);
  tell(
    blocked.includes('connect-src'),
    `Add to the Content-Security-Policy: connect-src ${server} ${server.replace(/^http/, 'ws')}`,
  );
  tell(connection.stopped === 4403, `Add ${location.origin} to the server's TACTFUL_ORIGINS.`);
  tell(
    connection.stopped && connection.stopped !== 4403,
    `The server closed with ${connection.stopped}: see its PROTOCOL.md.`,
  );
  tell(
    connection.failures && !connection.transport && !connection.stopped,
    `The server does not answer at ${server}.`,
  );
  tell(connection.transport === 'stream', 'WebSockets are blocked here: the fallback is in use.');
  for (const { field, values } of conflicts) {
    advice.push(
      `Sources disagree on ${field}: ${Object.entries(values)
        .map(([k, v]) => `${k} says ${v}`)
        .join('; ')}.`,
    );
  }
  tell(
    !product && report.page.kind === 'product',
    "This looks like a product page, but no product was found: call tactful('view', {sku}).",
  );
  const full = {
    ...report,
    clockMoved: jumped(),
    blocked: [...blocked],
    faults: [...faults],
    advice,
  };
  console.log('tactful doctor', full);
  return full;
}
