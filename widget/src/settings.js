/** What the shop has set: in its global, the tag's attributes, or its address. Else the server decides. */

import { at, own } from './json.js';
import { absolute } from './link.js';

/** @type {HTMLScriptElement | undefined} */
let script;

/** Finds our tag; `currentScript` is null in modules and callbacks. */
export function readScript() {
  const found = [document.currentScript, document.querySelector('script[src*="/widget/v"]')];
  // A page may hold an image called "currentScript": named elements shadow document's own fields.
  script = /** @type {any} */ (found.find((one) => one instanceof HTMLScriptElement));
}

/** @param {string} name @returns {any} from the first place that says it */
export const setting = (name) =>
  own(at('tactfulSettings'), name) ??
  script?.getAttribute(`data-${name}`) ??
  script?.src.match(`[?&]${name}=([^&#]*)`)?.[1];

/** @returns {string} the server's address with a slash at its end; '' when nobody named one */
export function serverUrl() {
  const named = setting('server');
  if (named) return absolute(`${named}/`).replace(/\/+$/, '/');
  // The script lies in the folder `widget/` of the server, wherever that is mounted.
  return script?.src.split('?')[0].replace(/[^/]*\/[^/]*$/, '') ?? '';
}

/** @returns {string} the folder of the script and its parts, with a slash at its end */
export const folder = () =>
  script?.src.split('?')[0].replace(/[^/]*$/, '') || `${serverUrl()}widget/`;
