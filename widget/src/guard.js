/** Error handling: errors of the widget are kept for `doctor`, and never reach the page. */

/** @type {string[]} the first faults: what comes after often follows from them */
export const faults = [];

/** @param {unknown} error */
export function note(error) {
  if (faults.length < 9) faults.push(`${error}`);
}

/**
 * The same function, but what it throws is noted and goes no further.
 * @template {any[]} A
 * @template R
 * @param {(...args: A) => R} fn
 * @returns {(...args: A) => R | undefined}
 */
export const guard =
  (fn) =>
  (...args) => {
    try {
      return fn(...args);
    } catch (error) {
      note(error);
    }
  };

/**
 * Options without a prototype: a page may have polluted `Object.prototype` with `once` or `signal`.
 * @param {any} fields
 * @returns {any}
 */
export const bare = (fields) => Object.setPrototypeOf(fields, null);

/**
 * Listens where nothing on the page comes first, whatever the event's target.
 * @param {string} types several, separated by spaces
 * @param {(event: any) => void} fn
 */
export function listen(types, fn) {
  for (const type of types.split(' ')) {
    addEventListener(type, guard(fn), true);
  }
}

/**
 * @param {number} ms
 * @param {() => void} fn
 */
export const later = (ms, fn) => setTimeout(guard(fn), ms);
