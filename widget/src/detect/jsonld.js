/** schema.org in JSON-LD, in all the shapes that shops print. */

import { parse } from '../json.js';
import { availability, decimal, ofPage, text } from './product.js';

/** @param {any} value @returns {any[]} */
const list = (value) => (value == null ? [] : Array.isArray(value) ? value : [value]);

/** @param {any} node @param {string} type */
const is = (node, type) =>
  list(node?.['@type']).some((name) => `${name}`.split(/[/:]/).pop() === type);

/**
 * The price one pays now: WooCommerce lists a former price beside it, marked with a `priceType`.
 * @param {any} offer
 */
function paid(offer) {
  const specs = list(offer?.priceSpecification);
  return specs.find((spec) => spec && spec.price != null && !spec.priceType) ?? offer;
}

/**
 * @param {any} node a Product
 * @param {any} group the ProductGroup it is a variant of
 * @returns {import('./product.js').Product}
 */
function read(node, group) {
  const offers = list(node.offers);
  const offer = offers[0];
  const price = paid(offer);
  // A range names no price.
  const single = !is(offer, 'AggregateOffer') || offer.lowPrice === offer.highPrice;
  return {
    sku: text(node.sku) ?? text(offer?.sku),
    id:
      text(node.productID) ??
      text(node.gtin13 ?? node.gtin ?? node.gtin14 ?? node.gtin12 ?? node.gtin8) ??
      text(node.mpn) ??
      text(group?.productGroupID),
    name: text(node.name ?? group?.name),
    price: single ? decimal(price?.price ?? offer?.price ?? offer?.lowPrice) : undefined,
    currency: text(price?.priceCurrency ?? offer?.priceCurrency)?.toUpperCase(),
    availability: availability(offer?.availability),
    url: text(offer?.url) ?? text(node.url) ?? text(node['@id']),
  };
}

/**
 * @param {any} node
 * @param {import('./product.js').Product[]} found
 */
function walk(node, found) {
  for (const item of list(node)) {
    if (!item || typeof item !== 'object') continue;
    if (is(item, 'ProductGroup')) {
      const variants = list(item.hasVariant).filter((variant) => variant?.['@type']);
      for (const variant of variants) found.push(read(variant, item));
      if (!variants.length) found.push(read(item, item));
    } else if (is(item, 'Product') || is(item, 'IndividualProduct') || is(item, 'ProductModel')) {
      const variants = list(item.hasVariant ?? item.model).filter((variant) =>
        is(variant, 'Product'),
      );
      for (const variant of variants) found.push(read(variant, item));
      if (!variants.length) found.push(read(item, null));
    } else {
      walk(item['@graph'], found);
      walk(item.mainEntity, found);
    }
  }
}

/**
 * @param {string[]} scripts the text of each `application/ld+json`
 * @param {string} page
 * @returns {import('./product.js').Product[]}
 */
export function readJsonLd(scripts, page) {
  /** @type {import('./product.js').Product[]} */
  const found = [];
  for (const script of scripts) {
    try {
      walk(
        parse(
          script.replace(/^\s*(?:\/\/)?\s*<!(?:--|\[CDATA\[)|(?:\/\/)?\s*(?:-->|\]\]>)\s*$/g, ''),
        ),
        found,
      );
    } catch {
      // One broken script says nothing about the others.
    }
  }
  return ofPage(found, page);
}
