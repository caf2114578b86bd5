/** Signed identities: proof to the widget's server of the customer who is logged in. */

import { createHmac } from 'node:crypto';

/** Seconds of the longest life that a server accepts. */
export const LONGEST_LIFE = 600;

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Return a JWT (RFC 7519, HS256) for `tactful('identify', …)`.
 *
 * @param {string} secret the identity secret of the server
 * @param {string} customer the platform's id of the customer, never taken from the page
 * @param {number} now seconds since the Unix epoch, UTC
 * @param {{life?: number, group?: string}} [options] seconds for which it is valid, at most
 *   `LONGEST_LIFE`, and the customer's price group
 */
export function signIdentity(secret, customer, now, { life = 300, group = '' } = {}) {
  const claims = {
    sub: customer,
    aud: 'tactful',
    iat: now,
    exp: now + Math.min(life, LONGEST_LIFE),
    ...(group && { group }),
  };
  const signed = `${part({ alg: 'HS256', typ: 'tactful-identity+jwt' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/**
 * Return an identity for `tactful('identify', …)`, signed with the key of a pairing.
 *
 * @param {string} key the identity key that the server gave, as text
 * @param {string} customer the platform's id of the customer, never taken from the page
 * @param {number} now seconds since the Unix epoch, UTC
 * @param {{life?: number}} [options] seconds for which it is valid, at most `LONGEST_LIFE`
 */
export function signCustomer(key, customer, now, { life = 300 } = {}) {
  const expires = now + Math.min(life, LONGEST_LIFE);
  const hmac = createHmac('sha256', key).update(`${customer}|${expires}`).digest('hex');
  return { customer, expires, hmac };
}
