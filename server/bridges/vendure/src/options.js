/** The plugin's options, from `TactfulPlugin.init` and the environment, checked once. */

const ENVIRONMENT = {
  url: 'TACTFUL_URL',
  serverKey: 'TACTFUL_SERVER_KEY',
  widgetUrl: 'TACTFUL_WIDGET_URL',
  identityKey: 'TACTFUL_IDENTITY_KEY',
  identitySecret: 'TACTFUL_IDENTITY_SECRET',
};
const DEFAULTS = {
  widgetUrl: '',
  identityKey: '',
  identitySecret: '',
  consent: 'auto',
  holdSeconds: 1_800,
  categoryFacet: 'category',
  brandFacet: 'brand',
  productUrl: '',
};
const CODE = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/;
const LONGEST_HOLD = 86_400;

/** A mistake in the options; the shop does not start with it. */
export class TactfulOptionsError extends Error {
  name = 'TactfulOptionsError';
}

/**
 * Return complete options.
 *
 * @param {object} given what the shop wrote into `TactfulPlugin.init`
 * @param {Record<string, string | undefined>} environment
 * @returns {import('./index').ResolvedOptions}
 * @throws {TactfulOptionsError} an option is missing, unknown or wrong
 */
export function resolveOptions(given, environment) {
  const known = ['url', 'serverKey', 'territories', ...Object.keys(DEFAULTS)];
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      fail(`There is no option '${name}'. There are: ${known.sort().join(', ')}.`);
    }
  }
  const read = Object.entries(ENVIRONMENT)
    .map(([name, variable]) => [name, environment[variable]])
    .filter(([, value]) => value);
  const options = { ...DEFAULTS, ...Object.fromEntries(read), ...given };
  for (const name of ['url', 'serverKey']) {
    if (!options[name])
      fail(
        `The option '${name}' is missing. Or set ${ENVIRONMENT[name]}: npx tactful-pair does it.`,
      );
  }
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (typeof options[name] !== typeof value) fail(`'${name}' must be a ${typeof value}.`);
  }
  const { holdSeconds } = options;
  if (!Number.isInteger(holdSeconds) || holdSeconds < 30 || holdSeconds > LONGEST_HOLD) {
    fail(`'holdSeconds' must be a whole number from 30 to ${LONGEST_HOLD}.`);
  }
  return { ...options, territories: territoriesOf(given.territories) };
}

/** Return a map from a channel's code to its territories; `*` stands for all other channels. */
function territoriesOf(given) {
  const rows = Array.isArray(given) ? { '*': given } : (given ?? {});
  const entries = Object.entries(rows);
  const isRight = (codes) => Array.isArray(codes) && codes.length && codes.every(isCode);
  if (!entries.length || !entries.every(([, codes]) => isRight(codes))) {
    fail(
      "'territories' must list ISO 3166 codes, such as ['DE', 'AT'], or give such a list for each " +
        "channel: { 'uk-channel': ['GB'], '*': ['DE'] }.",
    );
  }
  return rows;
}

const isCode = (code) => typeof code === 'string' && CODE.test(code);

/** Return the territories of a channel, the default one first; none: nothing is sold with offers. */
export const territoriesIn = (options, channelCode) =>
  options.territories[channelCode] ?? options.territories['*'] ?? [];

function fail(message) {
  throw new TactfulOptionsError(`TactfulPlugin: ${message}`);
}
