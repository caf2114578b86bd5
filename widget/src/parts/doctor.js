/** Report of what was found on this page, what the server says about it, and what to do. */

import { bare } from '../guard.js';
import { stringify } from '../json.js';

/** The server answers within this, or is not there. */
const ANSWER_MS = 5_000;
/**
 * What each close code that ends the attempts means, and what to do; see `server/PROTOCOL.md`.
 * @type {Record<string, string>}
 */
const CLOSED = {
  1003: 'not_text: a proxy changes the messages. Exempt /v1/session from it.',
  1007: 'not_utf8: a proxy changes the messages. Exempt /v1/session from it.',
  1009: 'too_large: a message was larger than 65,536 bytes. Send smaller carts and queries.',
  1006: 'no connection was ever welcomed. Look for the reason in the browser’s network panel.',
  4400: 'bad_message: the server does not understand a message. Give widget and server the same version, and check the values that your commands pass.',
  4401: 'no_hello: the first message was late or missing. Look for a proxy that holds messages back.',
  4403: 'origin: the server does not know this page’s origin. Add it to TACTFUL_ORIGINS.',
  4409: 'replaced: a newer connection took over the session. Reload the page.',
};

/**
 * @param {any} report
 * @param {any} item what the server knows
 * @returns {any[]} what to do, and false for what is as it should be
 */
function local(report, item) {
  const { aside, broken, conflicts, connection, consent, dialogue } = report;
  const { faults, kind, product, server, shown, tags } = report;
  const { transport, stopped, failures } = connection;
  const gone = faults.find((/** @type {string} */ fault) => /^Not loaded/.test(fault));
  return [
    !server && 'Set data-server.',
    tags > 1 && 'Remove a tag.',
    consent[0] === 'none' && `No consent: ${consent[1]}.`,
    stopped && `Closed: ${stopped} ${CLOSED[stopped] ?? ''}`,
    failures &&
      !transport &&
      `No answer: is ${location.origin} in TACTFUL_ORIGINS, and ${server} in connect-src?`,
    !product && !item.sku && kind === 'product' && "Call tactful('view', sku).",
    /checkout|payment/.test(kind) && `Nothing is shown on this kind of page: ${kind}.`,
    dialogue && `Open dialogue: ${dialogue.id || dialogue.className}`,
    shown === false && 'No room: what the page has fixed covers the place of the card.',
    !product && aside[0] && `Set aside: ${aside[0]}`,
    broken[0] && `Broken ld+json: ${broken[0]}`,
    conflicts[0] && 'Make the sources agree.',
    gone && `Reload the page: ${gone}`,
  ];
}

/**
 * Asks the server, which answers pages with a doctor pass, and pages of its own machine in test mode.
 * @param {any} report
 * @returns {Promise<any>} its diagnosis, or a problem document; nothing without a pass
 */
async function ask({ server, product, connection, url, territory }) {
  const [, pass] = location.hash.match(/tactful-doctor=([\w.-]+)/) ?? [];
  if (!server || !(pass || /^(localhost|127\.0\.0\.1)$/.test(location.hostname))) return {};
  const { sku, price } = product ?? bare({});
  const body = stringify({ pass, sku, price, url, territory, session: connection.session });
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(`${server}v1/doctor`, bare({ method: 'POST', body, signal }));
  return answer.json();
}

/**
 * @param {any} report what the parts say of themselves
 * @returns {Promise<any>} the same with what to do, also written to the console: someone asked
 */
export async function examine(report) {
  report.tags = document.querySelectorAll('script[src*="/widget/v"]').length;
  report.clock = Date.now() - performance.timeOrigin - performance.now();
  const { aside, broken, dialogue, ...open } = report;
  const said = await ask(report).catch((error) => ({
    detail: `The server was not asked: ${error}`,
  }));
  const { advice = [], detail, type, title, status, code, ...item } = said;
  const full = {
    ...open,
    item,
    advice: [...local(report, item), ...advice, detail].filter(Boolean),
  };
  console.log('tactful', full);
  return full;
}
