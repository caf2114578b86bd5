/** What the page's own elements say: microdata, OpenGraph and the forms of known platforms. */

import { own, parse } from '../json.js';
import { param } from '../link.js';
import { availability, decimal, ofPage, text } from './product.js';

/** @typedef {import('./product.js').Product} Product */

/** @param {Element} node the value that microdata gives an element */
const said = (node) =>
  text(
    node.getAttribute('content') ??
      node.getAttribute('href') ??
      node.getAttribute('value') ??
      node.textContent,
  );

/** @param {Document} doc @param {string} page @returns {Product[]} */
export function readMicrodata(doc, page) {
  const scopes = [...doc.querySelectorAll('[itemscope][itemtype*="schema.org/Product"]')].filter(
    // Related and listed products are not what this page sells.
    (scope) =>
      !scope.hasAttribute('itemprop') &&
      !scope.parentElement?.closest(
        '[itemtype*="schema.org/Product"],[itemtype*=ItemList],[itemtype*=OfferCatalog]',
      ),
  );
  const products = scopes.map((scope) => {
    const first = (/** @type {string} */ name) => {
      const node = [...scope.querySelectorAll(`[itemprop~="${name}"]`)].find((found) => {
        const holder = found.parentElement?.closest('[itemscope]');
        return holder === scope || /Offer/.test(holder?.getAttribute('itemtype') ?? '');
      });
      return node && said(node);
    };
    return {
      sku: first('sku'),
      id: first('productID') ?? first('gtin13') ?? first('gtin') ?? first('mpn'),
      name: first('name'),
      price: decimal(first('price') ?? first('lowPrice')),
      currency: first('priceCurrency')?.toUpperCase(),
      availability: availability(first('availability')),
      url: first('url'),
    };
  });
  return ofPage(products, page);
}

/** @param {Document} doc @returns {Product[]} */
export function readOpenGraph(doc) {
  const meta = (/** @type {string} */ name) =>
    text(
      doc.querySelector(`meta[property="${name}"],meta[name="${name}"]`)?.getAttribute('content'),
    );
  const price = meta('product:price:amount') ?? meta('og:price:amount');
  const id = meta('product:retailer_item_id') ?? meta('product:retailer_part_no');
  if (!/product/i.test(meta('og:type') ?? '') && !(id && price)) return [];
  return [
    {
      id,
      name: meta('og:title'),
      price: decimal(price),
      currency: (meta('product:price:currency') ?? meta('og:price:currency'))?.toUpperCase(),
      availability: availability(meta('product:availability') ?? meta('og:availability')),
    },
  ];
}

/** WooCommerce's and Magento's product forms. @param {Document} doc @returns {Product[]} */
export function readForms(doc) {
  const form = doc.querySelector('form.variations_form,form.cart');
  if (form) {
    const chosen = /** @type {HTMLInputElement | null} */ (
      form.querySelector('[name=variation_id]')
    )?.value;
    const variations = form.getAttribute('data-product_variations');
    if (Number(chosen) && variations && variations !== 'false') {
      const found = parse(variations).find(
        (/** @type {any} */ one) => `${one.variation_id}` === chosen,
      );
      if (found) {
        return [
          { sku: text(found.sku), id: text(chosen), price: decimal(text(found.display_price)) },
        ];
      }
    }
    const button = form.querySelector('[name=add-to-cart]');
    return [{ id: text(button?.getAttribute('value')) }];
  }
  const magento = doc.querySelector('form[data-product-sku]');
  return magento ? [{ sku: text(magento.getAttribute('data-product-sku')) }] : [];
}

/**
 * `ShopifyAnalytics.meta`, which every Shopify theme has; its prices are always hundredths.
 * @param {any} meta
 * @param {string} address
 * @param {string} [chosen] the variant in the product form
 * @returns {Product[]}
 */
export function readShopifyMeta(meta, address, chosen) {
  const product = own(meta, 'product');
  if (!product) return [];
  const variants = own(product, 'variants') ?? [];
  const wanted = param(address, 'variant') ?? chosen;
  const variant = variants.find((/** @type {any} */ one) => `${one.id}` === wanted);
  const only = variant ?? (variants.length === 1 ? variants[0] : null);
  const cents = own(only, 'price');
  return [
    {
      sku: text(own(only, 'sku')),
      id: text(own(only, 'id')) ?? text(own(product, 'id')),
      name: text(own(only, 'name')),
      price: Number.isInteger(cents)
        ? `${Math.floor(cents / 100)}.${`${cents % 100}`.padStart(2, '0')}`
        : undefined,
      currency: text(own(meta, 'currency')),
    },
  ];
}
