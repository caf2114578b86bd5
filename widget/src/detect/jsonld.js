/** schema.org in JSON-LD, in all the shapes that shops print. */

import { parse } from '../json.js';
import { list } from './product.js';

/** @param {any} node */
const isProduct = (node) =>
  list(node['@type']).some((name) => /Products?(Group|Model)?$/.test(name));

/** @param {any} nodes @returns {any[]} */
const walk = (nodes) =>
  list(nodes).flatMap((node) => {
    if (!isProduct(node)) {
      // A page may be about an offer, and name the product as what is offered.
      const offered = list(node.itemOffered).map((one) => ({ offers: node, ...one }));
      return walk([node['@graph'], node.mainEntity, offered].flat().filter(Boolean));
    }
    const variants = list(node.hasVariant).filter(isProduct);
    // What a variant does not say of itself, its group says; but not which one it is.
    const { sku, offers, url, '@id': name, ...group } = node;
    return variants[0] ? variants.map((one) => ({ ...group, ...one })) : [node];
  });

/**
 * Old templates wrap the text in a comment or in CDATA, and put line breaks into its strings.
 * @param {string} script
 */
const unwrap = (script) =>
  script
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what breaks JSON
    .replace(/<!\[CDATA\[|\]\]>|[\0-\x1f]/g, ' ')
    .replace(/^[^[{]*([[{].*[\]}]).*/, '$1')
    .trim();

/**
 * @param {string[]} scripts the text of each `application/ld+json`
 * @param {string[]} [broken] where what is wrong with a script goes: it says nothing of the others
 * @returns {any[]} products, in the words of schema.org
 */
export const readJsonLd = (scripts, broken = []) =>
  scripts.flatMap((script) => {
    try {
      const plain = unwrap(script);
      const found = walk(parse(plain || '[]'));
      // A page may name its product by a reference to another node of the graph.
      const main = plain.match(/"mainEntity" *: *{ *"@id" *: *"([^"]+)" *}/)?.[1];
      const meant = found.filter((one) => one['@id'] === main);
      return main && meant[0] ? meant : found;
    } catch (error) {
      broken.push(`${error}`);
      return [];
    }
  });
