/** Tells the shop's own code what happens, through `tactful('on', …)` and events on `document`. */

import { note } from './guard.js';

/** @type {Map<string, Set<Function>>} */
const listeners = new Map();
/** @type {Map<string, () => any[]>} what a late listener has missed, by event */
const missed = new Map();

/**
 * @param {string} name
 * @param {Function} fn
 */
export function on(name, fn) {
  listeners.set(name, (listeners.get(name) ?? new Set()).add(fn));
  for (const detail of missed.get(name)?.() ?? []) call(fn, detail);
}

/**
 * @param {string} name
 * @param {Function} fn
 */
export const off = (name, fn) => listeners.get(name)?.delete(fn);

/**
 * @param {string} name
 * @param {() => any[]} details what stands at the moment someone begins to listen
 */
export const replay = (name, details) => missed.set(name, details);

/**
 * @param {string} name
 * @param {any} detail
 * @returns {boolean} whether we are to go on: no listener called `preventDefault`
 */
export function emit(name, detail) {
  for (const fn of listeners.get(name) ?? []) call(fn, detail);
  const options = /** @type {any} */ ({ __proto__: null, detail, cancelable: true });
  return document.dispatchEvent(new CustomEvent(`tactful:${name}`, options));
}

/**
 * @param {Function} fn the shop's: its errors are its own, but they end here
 * @param {any} detail
 */
function call(fn, detail) {
  try {
    fn(detail);
  } catch (error) {
    note(error);
  }
}
