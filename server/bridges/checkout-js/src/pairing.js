/** The exchange of a one-time code for a key of the shop's own. */

import { OutcomeUnknownError, RefusedError } from './errors.js';
import { HttpTransport } from './transport.js';

/** Milliseconds for the exchange: a code works once, so its answer is worth waiting for. */
const TIMEOUT_MS = 15_000;

/**
 * Use a code of `tactful keys pair`, and return what it stands for.
 *
 * @param {string} code the code: a secret, `@`, and the server's address
 * @param {{shop?: string, connect?: (url: string, key: string) => import('./index').Transport}} [options]
 *   the origin of the shop's pages, such as `https://shop.example`, and what makes a transport
 * @returns {Promise<import('./index').Pairing>}
 * @throws {TypeError} the text is no code
 * @throws {RefusedError} the code is wrong, has ended, or was used
 * @throws {OutcomeUnknownError} no answer came; the code may have been used, so make a new one
 */
export async function pair(
  code,
  { shop = '', connect = (url, key) => new HttpTransport(url, key, { timeout: TIMEOUT_MS }) } = {},
) {
  const line = code.trim();
  const place = line.indexOf('@');
  const secret = line.slice(0, Math.max(place, 0));
  const url = line.slice(place + 1);
  if (!secret || !url) {
    throw new TypeError(`'${code}' is no code. Copy the whole line of \`tactful keys pair\`.`);
  }
  const answer = await connect(url, '').send('POST', '/v1/pair', {
    code: secret,
    ...(shop && { shop }),
  });
  const found = parse(answer.body);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new OutcomeUnknownError(`${url} gave no answer of a Tactful server.`);
  }
  if (answer.status !== 200) {
    throw new RefusedError(answer.status, String(found.code), String(found.detail));
  }
  return {
    url: found.server,
    key: found.key,
    keyId: found.id,
    identityKey: found.identity_key ?? '',
    territory: found.territory ?? '',
    isOriginAllowed: found.origin_allowed,
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
