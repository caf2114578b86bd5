/** schema.org in JSON-LD, in all the shapes that shops print. */

import { note } from '../guard.js';
import { parse } from '../json.js';
import { list } from './product.js';

/** @param {any} node */
const isProduct = (node) =>
  list(node['@type']).some((name) => /(^|[/:])Product(Group)?$/.test(name));

/** @param {any} nodes @returns {any[]} */
const walk = (nodes) =>
  list(nodes).flatMap((node) => {
    if (!isProduct(node)) return walk([node['@graph'], node.mainEntity].flat().filter(Boolean));
    const variants = list(node.hasVariant).filter(isProduct);
    // What a variant does not say of itself, its group says; but not which one it is.
    const { sku, offers, url, ...group } = node;
    return variants[0] ? variants.map((one) => ({ ...group, ...one })) : [node];
  });

/**
 * @param {string[]} scripts the text of each `application/ld+json`
 * @returns {any[]} products, in the words of schema.org
 */
export const readJsonLd = (scripts) =>
  scripts.flatMap((script) => {
    try {
      return walk(parse(script));
    } catch (error) {
      // One broken script says nothing about the others.
      note(error);
      return [];
    }
  });
