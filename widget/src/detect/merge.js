/** One answer out of what all sources say; where they disagree, a report and no guess. */

import { bare } from '../guard.js';
import { hint, unite } from './product.js';

/**
 * @typedef {import('./product.js').Product} Product
 * @typedef {[source: string, value: string]} Said
 * @typedef {object} Verdict
 * @property {{sku: string, price?: {amount: number, currency: string}} | null} product
 * @property {Record<string, Said>} fields the first that spoke, by field
 * @property {[field: string, said: Said[]][]} conflicts
 */

/** Ids are of many kinds: only the others can contradict each other. */
const FIELDS = /** @type {const} */ (['sku', 'price', 'currency', 'availability', 'id']);
/** What the shop says in its own voice settles every contradiction. */
const CERTAIN = /call|event|selection/;

/**
 * @param {[string, Product[]][]} found each source and its products, in order of trust; several
 *   records of one product, or several products when the source cannot tell which one is meant
 * @returns {Verdict}
 */
export function merge(found) {
  /** @type {Record<string, Said>} */
  const fields = bare({});
  /** @type {[string, Said[]][]} */
  const conflicts = [];
  /** @type {Record<string, boolean>} */
  const open = bare({});
  /** @type {[string, Product[]][]} each source and what it says of its one product */
  const clearly = [];
  for (const [source, products] of found) {
    const groups = unite(products);
    const all = `${groups.map(([{ sku, id }]) => sku ?? id)}`;
    if (groups[1]) conflicts.push(['product', [[source, all]]]);
    else clearly.push([source, products]);
  }
  for (const field of FIELDS) {
    const said = /** @type {Said[]} */ (
      clearly
        .flatMap(([source, records]) => records.map((one) => [source, one[field]]))
        .filter(([, value]) => value)
    );
    if (!said[0]) continue;
    fields[field] = said[0];
    const plain = said.map(([, value]) => (field === 'price' ? +value : value.toLowerCase()));
    if (field === 'id' || new Set(plain).size < 2) continue;
    conflicts.push([field, said]);
    open[field] = !CERTAIN.test(said[0][0]);
  }
  const { sku, id, price, currency } = fields;
  const certain = [sku, id].find((said) => said && CERTAIN.test(said[0]));
  const name = certain ?? (open.sku ? null : (sku ?? id));
  const clear = !open.price && !open.currency;
  const told = clear ? hint(price?.[1], currency?.[1]) : undefined;
  return { product: name ? { sku: name[1], price: told } : null, fields, conflicts };
}
