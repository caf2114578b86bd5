#!/usr/bin/env node
/** The command `tactful-shopify-codes`, which creates discount codes and prints them as CSV. */

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { AdminApi, ShopifyError } from './admin_api.js';
import { createCodes } from './code_batch.js';

const USAGE = `Usage: tactful-shopify-codes --shop aero.myshopify.com --count 500 --percent 15 > spring.csv

Creates one discount with single-use codes, and prints them for \`tactful codes import\`.
The access token comes from SHOPIFY_ACCESS_TOKEN; it needs write_discounts and read_discounts.

  --shop DOMAIN       the shop's own domain
  --count NUMBER      how many codes
  --percent NUMBER    the discount in percent
  --amount AMOUNT     or off each item, in the shop's currency
  --variants IDS      ids of the variants that it is for, with commas; none: every item
  --prefix TEXT       how each code begins
  --title TEXT        the name of the discount in the shop's admin
  --ends INSTANT      when the codes end, such as 2026-12-31T23:00:00Z
`;
const OPTIONS = /** @type {const} */ ({
  shop: { type: 'string' },
  count: { type: 'string' },
  percent: { type: 'string' },
  amount: { type: 'string' },
  variants: { type: 'string', default: '' },
  prefix: { type: 'string', default: '' },
  title: { type: 'string', default: 'Tactful' },
  ends: { type: 'string' },
  help: { type: 'boolean', default: false },
});

/**
 * Run the command, and return its exit code.
 *
 * @param {string[]} args
 * @param {object} tools what a test replaces
 */
export async function run(args, { env, out, error, now = () => new Date(), ...tools }) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (problem) {
    error(`${problem.message}\n${USAGE}`);
    return 2;
  }
  if (values.help || !values.shop || !values.count) {
    error(USAGE);
    return values.help ? 0 : 2;
  }
  try {
    if (!env.SHOPIFY_ACCESS_TOKEN) throw new ShopifyError('Set SHOPIFY_ACCESS_TOKEN.');
    const api = new AdminApi(values.shop, env.SHOPIFY_ACCESS_TOKEN, tools);
    const { codes } = await createCodes(
      api,
      {
        title: values.title,
        prefix: values.prefix,
        percent: values.percent === undefined ? undefined : Number(values.percent),
        amount: values.amount,
        variants: values.variants.split(',').filter(Boolean),
        startsAt: now().toISOString(),
        endsAt: values.ends,
      },
      Number(values.count),
    );
    out(['code,ends_at', ...codes.map((code) => `${code},${values.ends ?? ''}`), ''].join('\n'));
    return 0;
  } catch (problem) {
    if (!(problem instanceof ShopifyError)) throw problem;
    error(`${problem.message} No code was printed, so none is in a pool.\n`);
    return 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await run(process.argv.slice(2), {
    env: process.env,
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
}
