/** JSON that the page's libraries cannot alter: no inherited fields, no `Array.prototype.toJSON`. */

import { bare } from './guard.js';

/**
 * @param {string} text
 * @returns {any} objects without a prototype
 */
export const parse = (text) =>
  JSON.parse(text, (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value) ? bare(value) : value,
  );

export const { stringify } = JSON;

/**
 * An array that a library's `Array.prototype.toJSON` does not turn into a string.
 * @template T
 * @param {T[]} array
 * @returns {T[]}
 */
export const listed = (array) => Object.assign(array, { toJSON: undefined });

/**
 * A field that the object itself has, never an inherited one.
 * @param {any} object
 * @param {any} key
 * @returns {any}
 */
export const own = (object, key) =>
  object != null && Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * A field of a field, none of them inherited.
 * @param {string} path "Shopify.routes.root"
 * @param {any} [root]
 * @returns {any}
 */
export const at = (path, root = window) =>
  path.split('.').reduce((object, key) => own(object, key), root);
