/** What the shop has set, and where: its global, the tag's attributes, its address, the server. */

import { own } from './json.js';
import { absolute, param } from './link.js';

/** @type {any} what the server said, the last resort */
let fromServer;
/** @type {HTMLScriptElement | undefined} */
let script;

/** @param {any} settings */
export const setServerSettings = (settings) => {
  fromServer = settings;
};

/**
 * @param {Element | null} current `document.currentScript`, which is null in modules and callbacks
 */
export function readScript(current) {
  const found = current ?? document.querySelector('script[src*="/widget/v1"]');
  // A page may hold an image called "currentScript": named elements shadow document's own fields.
  if (found instanceof HTMLScriptElement) script = found;
}

/**
 * @param {string} name
 * @returns {[any, string]} the value and the source that gave it
 */
export function settingAndSource(name) {
  const sources = /** @type {[string, any][]} */ ([
    ['tactfulSettings', own(own(window, 'tactfulSettings'), name)],
    ['attribute', script?.getAttribute(`data-${name}`)],
    ['address', param(script?.src ?? '', name)],
    ['server', own(fromServer, name)],
  ]);
  const [source, value] = sources.find(([, value]) => value != null && value !== '') ?? [
    '',
    undefined,
  ];
  return [value, source];
}

/** @param {string} name */
export const setting = (name) => settingAndSource(name)[0];

/**
 * @param {string} path below the folder that holds `widget/`
 * @returns {string} '' when nobody said where the server is
 */
export function serverUrl(path) {
  const server = setting('server');
  if (server) return absolute(path, `${server}`.replace(/\/?$/, '/'));
  return script?.src ? absolute(`../${path}`, script.src) : '';
}
