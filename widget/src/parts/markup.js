/** What the page's own elements say: microdata, RDFa, OpenGraph and, for its scripts, the `dataLayer`. */

import { read, text } from '../detect/product.js';
import { stringify } from '../json.js';

export { readLayer } from './ecommerce.js';

import { bare } from '../guard.js';

/** A word of schema.org: plain, as an address, or with a prefix. */
const WORD = /^(?:https?:\/\/(?:www\.)?schema\.org\/|([\w-]+):)?(\w+)$/i;

/**
 * @typedef {object} Syntax one of the two ways to write things and their properties as attributes
 * @property {string} scope of an element that begins a thing
 * @property {(node: Element) => string[]} kinds the types of the thing that an element begins
 * @property {(node: Element) => string[]} names of the properties whose value an element is
 * @property {string} of the attribute that makes a thing part of another one
 */

/** @param {Element} node @param {string} name of an attribute @returns {string[]} its words */
const wordsOf = (node, name) => node.getAttribute(name)?.split(/\s+/).filter(Boolean) ?? [];

/** @type {Syntax} */
const MICRODATA = {
  scope: 'itemscope',
  kinds: (node) => wordsOf(node, 'itemtype').filter((word) => /schema\.org\//.test(word)),
  names: (node) => wordsOf(node, 'itemprop'),
  of: 'itemprop',
};

/**
 * Prefixes that a page declares for schema.org; `schema` needs no declaration, and `s` often lacks one.
 * @param {Document} doc @returns {string[]}
 */
const prefixes = (doc) => [
  'schema',
  's',
  ...[...doc.querySelectorAll('[prefix]')].flatMap((node) =>
    [
      .../** @type {string} */ (node.getAttribute('prefix')).matchAll(
        /([\w-]+):\s*https?:\/\/(?:www\.)?schema\.org/gi,
      ),
    ].map(([, prefix]) => prefix),
  ),
];

/** @param {Document} doc @returns {Syntax} */
const rdfa = (doc) => {
  const known = prefixes(doc);
  /** @param {Element} node @param {string} name @returns {string[]} words of schema.org */
  const ours = (node, name) =>
    wordsOf(node, name).filter((word) => {
      const prefix = word.match(WORD)?.[1];
      // Without a prefix it is a word of the vocabulary around it.
      const around = node.closest('[vocab]')?.getAttribute('vocab') ?? 'schema.org';
      return prefix ? known.includes(prefix) : /schema\.org/.test(word + around);
    });
  return {
    scope: 'typeof',
    kinds: (node) => ours(node, 'typeof'),
    names: (node) => [...ours(node, 'property'), ...ours(node, 'rel')],
    of: 'property',
  };
};

const PRODUCT = /Products?(Group|Model)?$/;

/** @param {string[]} words @returns {string[]} without addresses and prefixes */
const plain = (words) => words.map((word) => word.match(WORD)?.[2] ?? '').filter(Boolean);

/**
 * @param {Document} doc
 * @param {Syntax} syntax
 * @returns {any[]} the products that the page is about, in the words of schema.org
 */
function readMarkup(doc, { scope, kinds, names, of }) {
  const scoped = `[${scope}]`;
  const namesOf = (/** @type {Element} */ node) => plain(names(node));
  /** @param {Element | null | undefined} node @param {RegExp} kind */
  const is = (node, kind) => !!node && plain(kinds(node)).some((word) => kind.test(word));
  const scopeOf = (/** @type {Element | null | undefined} */ node) =>
    node?.parentElement?.closest(scoped);
  /** @param {Element} node @returns {boolean} whether it is no part of a thing, or its main entity */
  const isFree = (node) => {
    const said = namesOf(node);
    return said.includes('mainEntity') || !(said[0] || node.hasAttribute(of));
  };
  /** @param {Element} node @returns {Element} the offer that names a product as its item, or the node */
  const offerOf = (node) => {
    const offer = scopeOf(node);
    return offer && is(offer, /Offer/) && namesOf(node).includes('itemOffered') ? offer : node;
  };
  const things = [...doc.querySelectorAll(scoped)];
  // Products that belong to another one, and rows of a list, are not what the page is about.
  const inside = new Set(
    things
      .filter((node) => is(node, PRODUCT) || is(node, /ItemList|OfferCatalog/))
      .flatMap((node) => [...node.querySelectorAll(scoped)]),
  );
  const main = things.filter(
    (node) => is(node, PRODUCT) && isFree(offerOf(node)) && !inside.has(node),
  );
  return main.map((product) => {
    const whole = offerOf(product);
    /** @type {Map<Element | null | undefined, any>} what is said of the product, and of each offer */
    const said = new Map([product, whole].map((node) => [node, bare({})]));
    for (const node of whole.querySelectorAll('[itemprop],[property],[rel]')) {
      const get = (/** @type {string} */ name) => node.getAttribute(name);
      const holder = scopeOf(node);
      // Ratings, brands and related products have a scope of their own; our offers belong to us.
      if (holder && is(holder, /Offer/) && said.has(scopeOf(holder)) && !said.has(holder)) {
        said.set(holder, bare({}));
      }
      const about = said.get(holder);
      // A thing with a scope of its own is no value.
      if (!about || node.matches(scoped)) continue;
      for (const name of namesOf(node)) {
        about[name] ??=
          get('content') ??
          get('href') ??
          get('resource') ??
          get('value') ??
          text(node.textContent);
      }
    }
    const [own, ...offers] = said.values();
    // RDFa names a thing by its address: Drupal prints teasers of other products in this way.
    const address = product.getAttribute('about');
    if (address && /^\/[^/]/.test(address)) own.url ??= address;
    const some = offers.filter((offer) => Object.keys(offer)[0]);
    return { ...own, offers: some[0] ? some : [own] };
  });
}

/** @param {Document} doc @returns {any[]} */
export const readMicrodata = (doc) => readMarkup(doc, MICRODATA);

/** @param {Document} doc @returns {any[]} */
export const readRdfa = (doc) => readMarkup(doc, rdfa(doc));

/** @param {Document} doc @returns {any[]} */
export function readOpenGraph(doc) {
  // `product:` is Facebook's, `og:` Shopify's.
  const meta = (/** @type {string} */ name) =>
    doc.querySelector(`meta[property$=":${name}"]`)?.getAttribute('content');
  const offers = {
    price: meta('sale_price:amount') ?? meta('price:amount'),
    priceCurrency: meta('price:currency'),
    availability: meta('availability'),
  };
  return offers.price ? [{ productID: meta('retailer_item_id'), offers }] : [];
}

/**
 * What a page printed belongs to its path alone, also if it was left before this part came.
 * @param {import('./shops.js').Copies} copies of pages; what a page has left behind is in those of later
 *   pages, too
 * @param {Set<string>} leftover records of an earlier page
 * @param {Set<string>} owned paths with their own records, which are current there
 */
export function leave(copies, leftover, owned) {
  for (const [path, copy] of copies.values()) {
    for (const node of [...readMicrodata(copy), ...readRdfa(copy), ...readOpenGraph(copy)]) {
      const key = stringify(read(node));
      if (!leftover.has(key)) owned.add(path + key);
      leftover.add(key);
    }
  }
}
