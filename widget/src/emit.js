/** Events for the shop's own code, dispatched on `document`, such as `tactful:offer`. */

import { bare } from './guard.js';

/** @param {string} name @param {any} detail */
export const event = (name, detail) => new CustomEvent(`tactful:${name}`, bare({ detail }));

/** @param {string} name @param {any} detail */
export const emit = (name, detail) => document.dispatchEvent(event(name, detail));

/** @param {string} name @param {(event: any) => void} fn */
export const on = (name, fn) => document.addEventListener(`tactful:${name}`, fn);

/** @param {string} name @param {(event: any) => void} fn */
export const off = (name, fn) => document.removeEventListener(`tactful:${name}`, fn);
