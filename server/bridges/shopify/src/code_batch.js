/** One discount of a shop with a batch of single-use codes, for one pool of a Tactful server. */

import { randomBytes } from 'node:crypto';

import { ShopifyError } from './admin_api.js';

const CODES_AT_ONCE = 250;
const MAX_WAITS = 300;
const WAIT_MS = 1000;
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 12;

const CREATE = `mutation ($discount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $discount) {
    codeDiscountNode { id }
    userErrors { field message }
  }
}`;
const ADD = `mutation ($id: ID!, $codes: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) {
    bulkCreation { id }
    userErrors { field message }
  }
}`;
const PROGRESS = `query ($id: ID!) {
  discountRedeemCodeBulkCreation(id: $id) { done importedCount failedCount }
}`;

/** Return a code that cannot be guessed (60 bits), without letters that are mistaken for digits. */
export function newCode(prefix, random = randomBytes) {
  const letters = [...random(CODE_LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]);
  return `${prefix}${letters.join('')}`;
}

/**
 * Return the discount as Shopify creates it: each code works once, on its own.
 *
 * @param {object} terms
 * @param {string} terms.title the name of the discount in the shop's admin
 * @param {string} terms.code its first code
 * @param {number} [terms.percent] such as 15; either this or `amount`
 * @param {string} [terms.amount] off each item, in the shop's currency, such as `10.00`
 * @param {string[]} [terms.variants] ids of the variants that it is for; none: every item
 * @param {string} [terms.endsAt] an instant in RFC 3339; none: it does not end
 * @param {string} terms.startsAt an instant in RFC 3339
 */
export function discountInput({ title, code, percent, amount, variants = [], endsAt, startsAt }) {
  if ((percent === undefined) === (amount === undefined)) {
    throw new ShopifyError('Give either a percentage or an amount.');
  }
  if (percent !== undefined && !(percent > 0 && percent < 100)) {
    throw new ShopifyError('A percentage is above 0 and below 100.');
  }
  const value =
    percent === undefined
      ? { discountAmount: { amount, appliesOnEachItem: true } }
      : { percentage: percent / 100 };
  const items = variants.length
    ? { products: { productVariantsToAdd: variants.map(globalId) } }
    : { all: true };
  return {
    title,
    code,
    startsAt,
    endsAt: endsAt ?? null,
    usageLimit: 1,
    appliesOncePerCustomer: false,
    context: { all: 'ALL' },
    customerGets: { value, items },
    combinesWith: { orderDiscounts: false, productDiscounts: false, shippingDiscounts: false },
  };
}

/** @param {string} id a number, or a global id already */
const globalId = (id) => (/^\d+$/.test(id) ? `gid://shopify/ProductVariant/${id}` : id);

/**
 * Create a discount with codes, and return the codes that Shopify has stored.
 *
 * Every code has a use of its own (`usageLimit`), so that the shop gives away at most as many discounts
 * as there are codes.
 *
 * @param {import('./admin_api.js').AdminApi} api
 * @param {object} terms what `discountInput` takes, without `code`, and with `prefix`
 * @param {number} count how many codes
 */
export async function createCodes(api, { prefix = '', ...terms }, count) {
  if (!Number.isInteger(count) || count < 1) throw new ShopifyError('Ask for at least one code.');
  const codes = new Set();
  while (codes.size < count) codes.add(newCode(prefix));
  const [first, ...others] = codes;
  const made = await api.request(CREATE, { discount: discountInput({ ...terms, code: first }) });
  const id = accepted(made.discountCodeBasicCreate).codeDiscountNode.id;
  const stored = [first];
  for (let start = 0; start < others.length; start += CODES_AT_ONCE) {
    const part = others.slice(start, start + CODES_AT_ONCE);
    const answer = await api.request(ADD, { id, codes: part.map((code) => ({ code })) });
    await finished(api, accepted(answer.discountRedeemCodeBulkAdd).bulkCreation.id, part.length);
    stored.push(...part);
  }
  return { id, codes: stored };
}

/** Return an answer that has no errors of the user. */
function accepted(answer) {
  if (answer.userErrors.length) {
    throw new ShopifyError(answer.userErrors.map((one) => one.message).join(' '));
  }
  return answer;
}

/** Wait until Shopify has stored a part of the codes. A part that is not whole is not handed on. */
async function finished(api, id, count) {
  for (let waits = 0; waits < MAX_WAITS; waits += 1) {
    const { discountRedeemCodeBulkCreation: found } = await api.request(PROGRESS, { id });
    if (found.done && found.importedCount !== count) {
      throw new ShopifyError(`Shopify stored ${found.importedCount} of ${count} codes.`);
    }
    if (found.done) return;
    await api.sleep(WAIT_MS);
  }
  throw new ShopifyError('Shopify has not stored the codes within five minutes.');
}
