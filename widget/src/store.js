/** Where a session's resume secret rests between pages: nowhere, in this tab, or in this browser. */

import { parse, stringify } from './json.js';

const KEY = 'tactful';
/** @type {any} what could not be written, or must not be */
let memory = null;

/** @param {string} consent */
const places = (consent) =>
  /** @type {('localStorage' | 'sessionStorage')[]} */ (
    consent === 'personal' ? ['localStorage'] : consent === 'anonymous' ? ['sessionStorage'] : []
  );

/**
 * @param {string} consent
 * @returns {{session: string, resume: string, seq: number} | null}
 */
export function load(consent) {
  for (const place of places(consent)) {
    try {
      return parse(window[place].getItem(KEY) ?? 'null') ?? memory;
    } catch {
      // Storage is blocked or holds somebody else's words: the page's own memory serves.
    }
  }
  return consent === 'none' ? null : memory;
}

/**
 * Leaves the record in exactly the place that the consent allows.
 * @param {string} consent
 * @param {{session: string, resume: string, seq: number} | null} record
 */
export function save(consent, record) {
  memory = consent === 'none' ? null : record;
  const allowed = places(consent);
  for (const place of /** @type {const} */ (['localStorage', 'sessionStorage'])) {
    try {
      if (memory && allowed.includes(place)) window[place].setItem(KEY, stringify(memory));
      else window[place].removeItem(KEY);
    } catch {
      // Blocked or full: the page's own memory serves.
    }
  }
}
