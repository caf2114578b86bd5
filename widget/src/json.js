/** JSON that a page's libraries cannot bend: no inherited fields, no `Array.prototype.toJSON`. */

/**
 * @param {string} text
 * @returns {any} objects without a prototype
 */
export const parse = (text) =>
  JSON.parse(text, (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.setPrototypeOf(value, null)
      : value,
  );

/**
 * @param {any} value plain data
 * @returns {string}
 */
export function stringify(value) {
  if (Array.isArray(value)) return `[${value.map(stringify).join()}]`;
  if (!value || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.keys(value)
    .filter((key) => value[key] != null)
    .map((key) => `${JSON.stringify(key)}:${stringify(value[key])}`);
  return `{${fields.join()}}`;
}

/**
 * A field that the object itself has, never an inherited one.
 * @param {any} object
 * @param {string} key
 * @returns {any}
 */
export const own = (object, key) =>
  object && Object.hasOwn(Object(object), key) ? object[key] : undefined;
