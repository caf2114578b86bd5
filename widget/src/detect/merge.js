/** One answer out of what all sources say; where they disagree, a report and no guess. */

import { hint } from './product.js';

/**
 * @typedef {import('./product.js').Found} Found
 * @typedef {object} Verdict
 * @property {{sku: string, price?: {amount: number, currency: string}} | null} product
 * @property {Record<string, {value: string, source: string}>} fields the first that spoke, by field
 * @property {{field: string, values: Record<string, string>}[]} conflicts
 */

const FIELDS = /** @type {const} */ ([
  'sku',
  'id',
  'name',
  'price',
  'currency',
  'availability',
  'url',
]);
/** Where sources may differ without a contradiction: ids are of many kinds, names of many lengths. */
const LOOSE = ['id', 'name', 'url'];
/** What the shop says in its own voice settles every contradiction. */
const CERTAIN = ['call', 'shopify'];

/** @param {string} field @param {string} value */
const canonical = (field, value) => (field === 'price' ? `${Number(value)}` : value.toLowerCase());

/**
 * @param {Found[]} found in order of trust
 * @returns {Verdict}
 */
export function merge(found) {
  /** @type {Verdict} */
  const verdict = { product: null, fields: {}, conflicts: [] };
  const single = found.filter(({ products }) => products.length === 1);
  for (const { source, products } of found) {
    if (products.length > 1) {
      const values = {
        [source]: products.map(({ sku, id, name }) => sku ?? id ?? name).join(', '),
      };
      verdict.conflicts.push({ field: 'product', values });
    }
  }
  /** @type {Set<string>} */
  const open = new Set();
  for (const field of FIELDS) {
    const said = single.flatMap(({ source, products }) => {
      const value = products[0][field];
      return value ? [{ source, value }] : [];
    });
    if (!said.length) continue;
    verdict.fields[field] = said[0];
    if (LOOSE.includes(field) || new Set(said.map(({ value }) => canonical(field, value))).size < 2)
      continue;
    const values = Object.fromEntries(said.map(({ source, value }) => [source, value]));
    verdict.conflicts.push({ field, values });
    if (!CERTAIN.includes(said[0].source)) open.add(field);
  }
  const { sku, id, price, currency } = verdict.fields;
  const certain = [sku, id].find((field) => field && CERTAIN.includes(field.source));
  const name = certain?.value ?? (open.has('sku') ? undefined : (sku?.value ?? id?.value));
  if (name) {
    const told = !open.has('price') && !open.has('currency');
    const money = told && hint({ price: price?.value, currency: currency?.value });
    verdict.product = { sku: name, ...(money && { price: money }) };
  }
  return verdict;
}
