#!/usr/bin/env node
/** The command `tactful-pair CODE`, which writes a shop's settings into its `.env` file. */

import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { BridgeError } from './errors.js';
import { pair } from './pairing.js';

const USAGE = `Usage: tactful-pair CODE [--shop ORIGIN] [--env FILE]

Uses a code of \`tactful keys pair\`, and writes TACTFUL_URL, TACTFUL_SERVER_KEY and
TACTFUL_IDENTITY_KEY into FILE (default: .env). Other lines of the file stay as they are.
`;
const OPTIONS = /** @type {const} */ ({
  shop: { type: 'string', default: '' },
  env: { type: 'string', default: '.env' },
  help: { type: 'boolean', default: false },
});

/** Return the text of an `.env` file in which some settings have new values. */
function withSettings(text, settings) {
  const kept = text.split('\n').filter((line) => !Object.hasOwn(settings, line.split('=')[0]));
  while (kept.at(-1) === '') kept.pop();
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [...kept, ...lines, ''].join('\n');
}

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
if (values.help || positionals.length !== 1) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const isNew = !existsSync(values.env);
try {
  // Opened before the code is used, because a code works once.
  closeSync(openSync(values.env, 'a', 0o600));
  const before = readFileSync(values.env, 'utf8');
  const found = await pair(positionals[0], { shop: values.shop });
  const settings = {
    TACTFUL_URL: found.url,
    TACTFUL_SERVER_KEY: found.key,
    TACTFUL_IDENTITY_KEY: found.identityKey,
  };
  writeFileSync(values.env, withSettings(before, settings));
  process.stdout.write(`Paired with ${found.url}. The settings are in ${values.env}.\n`);
  if (found.isOriginAllowed === false) {
    process.stdout.write(`Add ${values.shop} to the server's setting TACTFUL_ORIGINS.\n`);
  }
} catch (error) {
  if (!(error instanceof BridgeError || error instanceof TypeError || error.code)) throw error;
  if (isNew && existsSync(values.env)) unlinkSync(values.env);
  process.stderr.write(`Not paired: ${error.message}\n`);
  process.exitCode = 1;
}
