/** What went wrong in us, kept for the doctor: a page never sees our errors. */

/** @type {string[]} the latest faults, oldest first */
export const faults = [];

/** @param {unknown} error */
export function note(error) {
  faults.push(String(/** @type {any} */ (error)?.stack ?? error).slice(0, 300));
  if (faults.length > 9) faults.shift();
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
 * Listens without ever throwing into the page.
 * Options have no prototype: a page may have polluted `Object.prototype` with `once` or `signal`.
 * @param {EventTarget} target
 * @param {string} types several, separated by spaces
 * @param {(event: any) => void} fn
 * @param {boolean} [capture]
 */
export function listen(target, types, fn, capture = false) {
  for (const type of types.split(' ')) {
    // @ts-expect-error: a literal without prototype is still an options object
    target.addEventListener(type, guard(fn), { __proto__: null, passive: true, capture });
  }
}

/**
 * @param {number} ms
 * @param {() => void} fn
 */
export const later = (ms, fn) => window.setTimeout(guard(fn), ms);

/** @param {() => void} fn when the page has nothing better to do */
export const whenIdle = (fn) =>
  'requestIdleCallback' in window
    ? requestIdleCallback(guard(fn), /** @type {any} */ ({ __proto__: null, timeout: 1000 }))
    : later(1, fn);
