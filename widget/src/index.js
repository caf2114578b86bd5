/** The script: reads its tag, and becomes what the queue before it stood for. */

import { guard } from './guard.js';
import { own } from './json.js';
import { readScript, setting } from './settings.js';
import { start } from './start.js';

guard(() => {
  // First of all: `currentScript` is gone in every later callback.
  readScript();
  const name = setting('global') ?? 'tactful';
  const there = own(window, name);
  // A second tag changes nothing; only the doctor sees it.
  if (!own(there, 'version') && CSS.supports('color', 'light-dark(red,red)'))
    /** @type {any} */ (window)[name] = start(own(there, 'q') ?? []);
})();
