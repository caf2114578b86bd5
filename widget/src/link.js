/** Where things are: addresses taken apart without `URL`, which pages overwrite. */

/**
 * @param {string} href absolute, or relative to `base`
 * @param {string} [base]
 * @returns {string} the absolute address, '' unless it is http or https
 */
export function absolute(href, base) {
  const doc = document.implementation.createHTMLDocument('');
  const at = doc.createElement('base');
  at.href = base ?? document.baseURI;
  doc.head.append(at);
  const link = doc.createElement('a');
  link.href = href;
  return /^https?:$/.test(link.protocol) ? link.href : '';
}

/**
 * @param {string} address
 * @returns {[string, string][]} its query, decoded; what does not decode is left out
 */
export function query(address) {
  const text = address.split('#')[0].split('?')[1] ?? '';
  /** @type {[string, string][]} */
  const pairs = [];
  for (const part of text.split('&')) {
    try {
      const [key, value = ''] = part.replaceAll('+', ' ').split('=').map(decodeURIComponent);
      if (key) pairs.push([key, value]);
    } catch {
      // Not ours to mend: a stray % in a shop's address.
    }
  }
  return pairs;
}

/** @param {string} address */
export const param = (address, /** @type {string} */ name) =>
  query(address).find(([key]) => key === name)?.[1];

/** Query fields that name a person or open a door have no place in a message. */
const PRIVATE = /token|secret|passw|auth|session|email|e-mail|phone|^key$|@/i;

/**
 * The page's address as the server may know it: no fragment (unless it routes), nothing private.
 * @param {string} address
 */
export function publicUrl(address) {
  const [front, hash = ''] = address.split('#');
  const [path] = front.split('?');
  const kept = query(front)
    .filter((pair) => !PRIVATE.test(pair.join('=')))
    .map((pair) => pair.map(encodeURIComponent).join('='));
  const route = /^!?\//.test(hash) ? `#${hash.split('?')[0]}` : '';
  return (path + (kept.length ? `?${kept.join('&')}` : '') + route).slice(0, 2048);
}

/** @param {string} address what names a page: the variant in a query does, a fragment does not */
export const pathOf = (address) => absolute(address).split(/[?#]/)[0].replace(/\/$/, '');
