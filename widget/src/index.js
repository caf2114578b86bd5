/** The script: reads its tag, answers the page's commands, and joins the parts. */

import { guard } from './guard.js';
import { own } from './json.js';
import { readScript, setting } from './settings.js';
import { start } from './start.js';

// First of all: `currentScript` is gone in every later callback.
readScript(document.currentScript);

guard(() => {
  const name = /** @type {any} */ (setting('global') ?? 'tactful');
  const there = own(window, name);
  const doctor = own(there, 'again');
  // A second tag changes nothing; only the doctor hears of it.
  if (typeof doctor === 'function') return doctor();
  if (!('adoptedStyleSheets' in document)) return;
  const api = start(own(there, 'q') ?? []);
  /** @type {any} */ (window)[name] = api;
})();
