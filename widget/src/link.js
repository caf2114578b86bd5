/** URLs parsed without the global `URL`, which some pages overwrite. */

/**
 * @param {string} href absolute, or relative to the page
 * @returns {string} the absolute address, '' unless it is http or https
 */
export function absolute(href) {
  const link = document.createElement('a');
  link.href = href;
  return /^https?:/.test(link.href) ? link.href : '';
}

/** Query fields that identify a person or grant access are never sent. */
const PRIVATE = /^[^=]*(token|secret|passw|auth|session|mail|phone)|@|%40/i;

/**
 * The page's address as the server may know it: no fragment, nothing private.
 * @param {string} address
 */
export function publicUrl(address) {
  const kept = fields(address).filter((field) => !PRIVATE.test(field));
  return `${address.split(/[?#]/)[0]}${kept[0] ? '?' : ''}${kept.join('&')}`.slice(0, 2048);
}

/** @param {string} address without the query and the fragment */
export const pathOf = (address) => absolute(address).split(/[?#]/)[0].replace(/\/$/, '');

/**
 * @param {string} address
 * @returns {string} its path alone: a staging host serves the pages of the live one
 */
export const routeOf = (address) => pathOf(address).replace(/^\w+:\/\/[^/]*/, '');

/** @param {string} address @returns {string[]} the fields of its query, as written */
export const fields = (address) => address.split('#')[0].split('?')[1]?.split('&') ?? [];
