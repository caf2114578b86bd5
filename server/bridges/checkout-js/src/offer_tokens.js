/** Offline verification of offer tokens: compact JWS, signed with EdDSA over Ed25519. */

import { createPublicKey, verify as verifySignature } from 'node:crypto';

import { OutcomeUnknownError, TokenRefusedError } from './errors.js';

/** The most characters of a token; a longer text is refused without parsing. */
export const LONGEST = 4096;
// Header, payload and a signature of 64 bytes, whose last character carries two bits only.
const COMPACT = /^([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,3400})\.([A-Za-z0-9_-]{85}[AQgw])$/;
const LEVELS = ['order', 'shipping'];
const REQUIRED = {
  offer: 'text',
  sku: 'text',
  territory: 'text',
  currency: 'text',
  unit: 'integer',
  max_qty: 'integer',
  iat: 'integer',
  exp: 'integer',
  rulebook: 'text',
  holder: 'text',
};
const OPTIONAL = { level: 'text', at_most: 'integer', percent_bp: 'integer', min_order: 'integer' };
const CLAIMS = { ...REQUIRED, ...OPTIONAL };

/**
 * Return the keys of a JWK Set (RFC 7517) by their `kid`; keys of another kind are left out.
 *
 * @param {unknown} document the parsed body of `/.well-known/jwks.json`
 * @returns {Map<string, import('node:crypto').KeyObject>}
 * @throws {OutcomeUnknownError} the document is no JWK Set, or a key in it is broken, so something
 *   else than Tactful answered
 */
export function keysOf(document) {
  const keys = /** @type {any} */ (document)?.keys;
  if (!Array.isArray(keys)) throw new OutcomeUnknownError('The key document is no JWK Set.');
  const usable = keys.filter((jwk) => jwk?.crv === 'Ed25519' && jwk.kid && jwk.x);
  return new Map(usable.map((jwk) => [String(jwk.kid), keyOf(String(jwk.x))]));
}

function keyOf(x) {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch (error) {
    throw new OutcomeUnknownError(`The key document has a broken key: ${error.message}`);
  }
}

/**
 * Return the claims of a token that one of the keys signed, and whose offer has not ended.
 *
 * Claims of later servers that are not known here are ignored.
 *
 * @param {string} token any text
 * @param {Map<string, import('node:crypto').KeyObject>} keys the server's public keys by `kid`
 * @param {number} now milliseconds since the Unix epoch, UTC
 * @returns {import('./index').OfferClaims}
 * @throws {TokenRefusedError} for any other text
 */
export function verify(token, keys, now) {
  const isShort = typeof token === 'string' && token.length <= LONGEST;
  const found = isShort ? COMPACT.exec(token) : null;
  if (!found) throw new TokenRefusedError('token.malformed');
  const [, header, payload, signature] = found;
  // Each key has exactly one header, byte for byte. No header is ever parsed, so that no header
  // can name another algorithm or key (RFC 8725, section 2.1).
  const known = [...keys].find(([kid]) => headerOf(kid) === header);
  if (!known) throw new TokenRefusedError('token.key');
  const signed = Buffer.from(`${header}.${payload}`, 'ascii');
  if (!verifySignature(null, signed, known[1], Buffer.from(signature, 'base64url'))) {
    throw new TokenRefusedError('token.signature');
  }
  const claims = claimsIn(payload);
  if (now >= claims.exp * 1000) throw new TokenRefusedError('token.expired');
  return claims;
}

/** Return the claims of a payload if it is their only spelling. */
function claimsIn(payload) {
  let found;
  try {
    found = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    throw new TokenRefusedError('token.malformed');
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new TokenRefusedError('token.malformed');
  }
  const isCanonical = base64url(canonical(found)) === payload;
  const isComplete = Object.keys(REQUIRED).every((name) => name in found);
  const known = Object.entries(found).filter(([name]) => Object.hasOwn(CLAIMS, name));
  const isTyped = known.every(([name, value]) => isOfType(value, CLAIMS[name]));
  if (!isCanonical || !isComplete || !isTyped || !LEVELS.includes(found.level ?? 'order')) {
    throw new TokenRefusedError('token.malformed');
  }
  const claims = Object.fromEntries(known);
  if (claims.unit < 0 || claims.max_qty < 1) throw new TokenRefusedError('token.malformed');
  return Object.freeze(claims);
}

const isOfType = (value, type) =>
  type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string';

const headerOf = (kid) => base64url(canonical({ alg: 'EdDSA', kid, typ: 'offer+jwt' }));

const base64url = (text) => Buffer.from(text).toString('base64url');

/** Return JSON with sorted keys and without spaces, as the server signs it. */
function canonical(value) {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.keys(inner)
        .sort()
        .map((name) => [name, inner[name]]),
    );
  });
}
