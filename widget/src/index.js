/** Entry point of the script: reads its tag, and replaces the queue of earlier calls. */

import { guard } from './guard.js';
import { own } from './json.js';
import { readScript, setting } from './settings.js';
import { start } from './start.js';

guard(() => {
  // First of all: `currentScript` is gone in every later callback.
  readScript();
  const name = setting('global') ?? 'tactful';
  const there = own(window, name);
  // A second tag changes nothing; `doctor` reports it.
  if (!own(there, 'version') && CSS.supports('color', 'light-dark(red,red)'))
    /** @type {any} */ (window)[name] = start(own(there, 'q') ?? []);
})();
