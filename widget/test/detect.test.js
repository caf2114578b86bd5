import assert from 'node:assert/strict';
import { test } from 'node:test';
import './browser.js';

const { decimal, hint, ofPage, read, readOffers, unite } = await import('../src/detect/product.js');
const { readJsonLd } = await import('../src/detect/jsonld.js');
const { cartAfter, readEntry } = await import('../src/parts/ecommerce.js');
const { readLines } = await import('../src/detect/platforms.js');
const { choose, readCart, readProductEvent, readShopify, readWoo } = await import(
  '../src/parts/shops.js'
);
const { minor } = await import('../src/format.js');
const { merge } = await import('../src/detect/merge.js');
const { kindOf } = await import('../src/page.js');
const { PATHS } = await import('../src/parts/words.js');
const { publicUrl } = await import('../src/link.js');

test('prices are read in every notation that shops print', () => {
  const cases = {
    29.99: '29.99',
    '1.299,00 €': '1299.00',
    '1,299.00': '1299.00',
    '18,5': '18.5',
    '1,299': '1299',
    '29.990': '29.990',
    '1.299.000': '1299000',
    'CHF 1’299.50': '1299.50',
    ',50 €': '50',
    free: undefined,
    '': undefined,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(decimal(text), expected, text);
});

test('a hint is in minor units of its own currency, or is none', () => {
  assert.deepEqual(hint('49.95', 'EUR'), { amount: 4995, currency: 'EUR' });
  assert.deepEqual(hint('17999', 'JPY'), { amount: 17999, currency: 'JPY' });
  assert.deepEqual(hint('1.234', 'KWD'), { amount: 1234, currency: 'KWD' });
  assert.deepEqual(hint('4990', 'HUF'), { amount: 499_000, currency: 'HUF' });
  assert.equal(hint('49.95', '€'), undefined);
  // One euro and thirty cents, or nearly thirteen hundred euros: no hint is better than a wrong one.
  assert.equal(hint('1.299', 'EUR'), undefined);
  assert.equal(hint('1.980', 'JPY'), undefined);
  assert.deepEqual(hint('29.9900', 'EUR'), { amount: 2999, currency: 'EUR' });
  assert.equal(hint(undefined, 'EUR'), undefined);
});

test('availability is read as an address, a name or a phrase', () => {
  const of = (availability) => read({ offers: { availability } }).availability;
  for (const one of ['https://schema.org/InStock', 'InStock', 'in stock', 'in_stock', 'In Stock']) {
    assert.equal(of(one), 'instock');
  }
});

test('a range of prices names no price', () => {
  assert.equal(read({ offers: { lowPrice: 10, highPrice: 30 } }).price, undefined);
  assert.equal(read({ offers: { lowPrice: 10, highPrice: '10.0' } }).price, undefined);
  assert.equal(read({ offers: { lowPrice: 10, highPrice: '10' } }).price, '10');
});

test('a broken script says nothing about the others', () => {
  assert.deepEqual(
    readJsonLd(['{', '{"@type":"Product","sku":"A"}', 'null', '[]', '"x"']).map(({ sku }) => sku),
    ['A'],
  );
});

test('a variant takes from its group what it does not say itself, but not which one it is', () => {
  const group = { '@type': 'ProductGroup', sku: 'G', name: 'Aero', productGroupID: '9' };
  const [found] = readJsonLd([
    JSON.stringify({ ...group, hasVariant: [{ '@type': 'Product', gtin: '1' }] }),
  ]);
  assert.equal(read(found).sku, undefined);
  assert.equal(read(found).id, '1');
});

test('of several products the address chooses, the variant in a query first', () => {
  const one = (n) => ({ sku: `A-${n}`, url: `/p/aero?variant=${n}` });
  const all = [one(1), one(2), one(3)];
  assert.deepEqual(ofPage(all, 'https://shop.example/p/aero?a=b&variant=2'), [one(2)]);
  assert.equal(ofPage(all, 'https://shop.example/p/aero').length, 3);
  assert.equal(ofPage(all, 'https://shop.example/p/other?variant=2').length, 3);
});

test('the data layer is read in every dialect', () => {
  const items = [{ item_id: 'A', price: '7,50', quantity: '2' }];
  const arguments_ = (...list) => Object.assign({}, list);
  for (const pushed of [
    { event: 'view_item', ecommerce: { currency: 'EUR', items } },
    { event: 'view_item', currency: 'EUR', items },
    arguments_('event', 'view_item', { currency: 'EUR', items }),
  ]) {
    const entry = readEntry(pushed);
    assert.equal(entry.event, 'view_item');
    assert.equal(read(entry.products[0]).price, '7.50');
    assert.equal(read(entry.products[0]).currency, 'EUR');
    assert.deepEqual(entry.lines, [{ sku: 'A', qty: 2 }]);
  }
  const products = [{ id: 'A', price: '7,50', quantity: '2' }];
  for (const [key, event] of [
    ['detail', 'view_item'],
    ['add', 'add_to_cart'],
    ['checkout', 'begin_checkout'],
  ]) {
    const entry = readEntry({
      event: 'x',
      ecommerce: { currencyCode: 'EUR', [key]: { products } },
    });
    assert.equal(entry.event, event);
    assert.equal(read(entry.products[0]).price, '7.50');
    assert.equal(read(entry.products[0]).currency, 'EUR');
    assert.deepEqual(entry.lines, [{ sku: 'A', qty: 2 }]);
  }
  assert.equal(readEntry({ ecommerce: { impressions: products } }), undefined);
  for (const pushed of [null, 1, 'x', {}, { ecommerce: null }, arguments_('js', new Date())]) {
    assert.equal(readEntry(pushed), undefined);
  }
});

test('the cart is added up, replaced and emptied', () => {
  const line = (sku, qty) => ({ sku, qty });
  let cart = cartAfter([], { event: 'add_to_cart', lines: [line('A', 2)] });
  cart = cartAfter(cart, { event: 'add_to_cart', lines: [line('A', 1), line('B', 1)] });
  cart = cartAfter(cart, { event: 'remove_from_cart', lines: [line('B', 5)] });
  assert.deepEqual(cart, [line('A', 3)]);
  assert.deepEqual(cartAfter(cart, { event: 'view_cart', lines: [line('C', 1)] }), [line('C', 1)]);
  assert.deepEqual(cartAfter(cart, { event: 'purchase', lines: [] }), []);
  assert.equal(cartAfter(cart, { event: 'view_item', lines: [] }), undefined);
});

test('carts of every shop system give SKUs and quantities and nothing else', () => {
  const shapes = [
    { items: [{ sku: 'A', quantity: 2, properties: { note: 'private' } }], email: 'a@b.example' },
    { lines: { nodes: [{ quantity: 2, merchandise: { sku: 'A', id: 'gid://x/1' } }] } },
    { lines: [{ sku: 'A', qty: 2 }] },
    [{ sku: 'A', qty: 2 }],
  ];
  for (const shape of shapes) assert.deepEqual(readCart(shape), [{ sku: 'A', qty: 2 }]);
  const gid = { id: 'gid://shopify/ProductVariant/77' };
  assert.deepEqual(readCart({ lines: { nodes: [{ quantity: 1, merchandise: gid }] } }), [
    { sku: '77', qty: 1 },
  ]);
  for (const nothing of [null, undefined, {}, 'x', { items: null }]) {
    assert.equal(readCart(nothing), undefined);
  }
});

test('a row of a collection is not a look at a product', () => {
  const product = { id: 'gid://shopify/Product/1' };
  assert.equal(readProductEvent({ context: 'collection', product }), undefined);
  assert.equal(readProductEvent({ context: 'page', product }).productID, '1');
});

test('a contradiction about the product is reported and not guessed', () => {
  const { product, conflicts } = merge([
    ['json-ld', [{ sku: 'A' }]],
    ['microdata', [{ sku: 'B' }]],
  ]);
  assert.equal(product, null);
  assert.deepEqual(conflicts, [
    [
      'sku',
      [
        ['json-ld', 'A'],
        ['microdata', 'B'],
      ],
    ],
  ]);
});

test("the shop's own word settles a contradiction, which is still reported", () => {
  const { product, conflicts } = merge([
    ['call', [{ sku: 'A' }]],
    ['json-ld', [{ sku: 'B' }]],
  ]);
  assert.equal(product.sku, 'A');
  assert.equal(conflicts.length, 1);
});

test('contradicting prices give no hint; the same price in two notations is one', () => {
  const of = (price) =>
    merge([
      ['json-ld', [{ sku: 'A', price: '18.00', currency: 'EUR' }]],
      ['microdata', [{ price }]],
    ]);
  assert.equal(of('19').product.price, undefined);
  assert.deepEqual(of('18').product.price, { amount: 1800, currency: 'EUR' });
});

test('an id serves where there is no SKU, and never contradicts one', () => {
  assert.equal(merge([['dataLayer', [{ id: '77' }]]]).product.sku, '77');
  const both = merge([
    ['json-ld', [{ sku: 'A' }]],
    ['dataLayer', [{ id: '77' }]],
  ]);
  assert.equal(both.product.sku, 'A');
  assert.deepEqual(both.conflicts, []);
});

test('pages are told apart by platform words, classes and addresses', () => {
  const cases = {
    'product  /anything': 'product',
    ' single-product woocommerce /produkt/x': 'product',
    ' woocommerce-cart woocommerce /shop': 'cart',
    '  /de/warenkorb': 'cart',
    '  /checkout/cart/': 'cart',
    '  /cartoon-mugs': 'other',
    '  /kasse': 'checkout',
    '  /checkout/payment': 'payment',
    'collection  /collections/shoes': 'category',
    '  /search?q=shoe': 'search',
    '  /': 'home',
    '  /de/': 'home',
    '  /about': 'other',
  };
  for (const [where, kind] of Object.entries(cases))
    assert.equal(kindOf(where, false), kind, where);
  assert.equal(kindOf('  /return-gift', true), 'product');
  assert.equal(kindOf('  /checkout', true), 'checkout');
});

test('an address leaves the page without fragment and without what is private', () => {
  const { href } = new URL('https://shop.example/p?utm_source=mail&email=a@b.c&reset_token=1#x');
  assert.equal(publicUrl(href), 'https://shop.example/p?utm_source=mail');
  assert.equal(publicUrl('https://shop.example/p?to=a%40b.c'), 'https://shop.example/p');
  assert.equal(
    publicUrl('https://shop.example/p?tactful_link=xauthx'),
    'https://shop.example/p?tactful_link=xauthx',
  );
});

test('records of one product are united, each field by the first that says it', () => {
  const { product, conflicts, fields } = merge([
    [
      'json-ld',
      [
        { sku: 'A', price: '18', currency: 'EUR' },
        { sku: 'A', availability: 'instock' },
      ],
    ],
  ]);
  assert.deepEqual(product, { sku: 'A', price: { amount: 1800, currency: 'EUR' } });
  assert.equal(fields.availability[1], 'instock');
  assert.deepEqual(conflicts, []);
});

test('identifiers unite records and tell products apart; a title does neither against them', () => {
  const cases = [
    [[{ sku: 'A' }, { sku: 'A', id: '1' }], 1],
    [[{ sku: 'A', id: '1' }, { id: '1' }], 1],
    [[{ sku: 'A', title: 'Shoe' }, { title: 'Shoe' }], 1],
    [
      [
        { sku: 'A', title: 'Shoe' },
        { sku: 'B', title: 'Shoe' },
      ],
      2,
    ],
    [
      [
        { id: '1', title: 'Shoe' },
        { id: '2', title: 'Shoe' },
      ],
      2,
    ],
    [[{ price: '1' }, { price: '1' }], 2],
  ];
  for (const [records, count] of cases) assert.equal(unite(records).length, count);
});

test('of several offers the open one counts; without one, what all agree on', () => {
  const offers = [
    { sku: 'RED', url: '/p/aero?variant=1', price: 150, priceCurrency: 'EUR' },
    { sku: 'BLUE', url: '/p/aero?variant=2', price: 170, priceCurrency: 'EUR' },
  ];
  const at = (query, node) => readOffers(node, `https://shop.example/p/aero${query}`);
  const [blue] = at('?variant=2', { sku: 'TENT', offers });
  assert.deepEqual([blue.sku, blue.price], ['BLUE', '170']);
  const [tent] = at('', { sku: 'TENT', offers });
  assert.deepEqual([tent.sku, tent.price, tent.currency], ['TENT', undefined, 'EUR']);
  assert.deepEqual(
    at('', { offers }).map(({ sku }) => sku),
    ['RED', 'BLUE'],
  );
});

test('JSON-LD is read out of its wrappers, and what is broken is reported', () => {
  const plain = '{"@type":"Product","sku":"A"}';
  for (const script of [
    `//<![CDATA[\n${plain}\n//]]>`,
    `/*<![CDATA[*/${plain}/*]]>*/`,
    `<!--//--><![CDATA[//><!--\n[${plain}]\n//--><!]]>`,
    `<!-- ${plain} -->`,
    `\uFEFF${plain};`,
    plain.replace('A', 'A\n'),
  ]) {
    const broken = [];
    assert.equal(readJsonLd([script], broken)[0]?.sku.trim(), 'A', script);
    assert.deepEqual(broken, []);
  }
  const broken = [];
  assert.deepEqual(readJsonLd([`${plain.slice(0, -1)},}`, '  '], broken), []);
  assert.equal(broken.length, 1);
});

test('a word of a path counts as a whole segment only, and a found product outweighs its guess', () => {
  for (const path of [
    '/pagoda-lamp',
    '/payment-terminal',
    '/basket-weave-rug',
    '/kassel',
    '/carton',
  ]) {
    assert.equal(kindOf(`  /p${path}`, true), 'product');
    assert.equal(kindOf(`  ${path}`, false), 'other', path);
  }
  assert.equal(kindOf('  /basket/picnic', true), 'product');
  assert.equal(kindOf('  /cart.php', false), 'cart');
  assert.equal(kindOf(' checkout-cart-index page /checkout/cart/', false), 'cart');
  assert.equal(kindOf(' checkout-index-index page /x', false), 'checkout');
  assert.equal(kindOf(' woocommerce-checkout /x', true), 'checkout');
});

test('an offer names its item, alone or one of several', () => {
  const offer = { price: '4', priceCurrency: 'EUR', itemOffered: { '@type': 'Product', sku: 'A' } };
  const [node] = readJsonLd([JSON.stringify({ '@type': 'Offer', ...offer })]);
  assert.deepEqual([read(node).sku, read(node).price], ['A', '4']);
  const other = { ...offer, url: '/p/aero?v=2', itemOffered: [{ sku: 'B' }] };
  const offers = [{ ...offer, url: '/p/aero?v=1' }, other];
  assert.equal(readOffers({ offers }, 'https://shop.example/p/aero?v=2')[0].sku, 'B');
  assert.deepEqual(
    readJsonLd(['{"@type":"Offer","itemOffered":{"@type":"Service","sku":"S"}}']),
    [],
    'a service is no product',
  );
});

test('an aggregate lists its offers, one alone as well as many', () => {
  const one = { price: '5', priceCurrency: 'EUR' };
  for (const offers of [one, [one]]) {
    const node = { sku: 'A', offers: { lowPrice: '4', offers } };
    assert.equal(readOffers(node, 'https://shop.example/p/a')[0].price, '5');
  }
});

test("Shopify's static product is read, in hundredths whatever the currency", () => {
  const variants = [
    { id: 1, sku: 'RED', price: 15000 },
    { id: 2, sku: 'BLUE', price: 17000 },
  ];
  const data = readShopify({ product: { id: 9, variants }, currency: 'JPY' }, '/products/tent');
  assert.equal(data[0], '9');
  const [blue] = choose(data, '2');
  assert.deepEqual(
    [read(blue)].map(({ sku, id, price, currency }) => [sku, id, price, currency]),
    [['BLUE', '2', '170', 'JPY']],
  );
  assert.deepEqual(choose(data, undefined), [], 'no variant was chosen');
  assert.deepEqual(choose(data, '77'), [], "another product's variant");
  assert.equal(choose(readShopify({ product: { variants: [variants[0]] } }, '/'))[0].sku, 'RED');
  const [open] = readOffers(
    { productID: '9', offers: data[1] },
    'https://shop.example/products/tent?variant=2',
  );
  assert.equal(open.price, '170');
  for (const nothing of [undefined, {}, { product: {} }, { page: { pageType: 'home' } }]) {
    assert.deepEqual(readShopify(nothing, '/')[1], []);
  }
});

test("WooCommerce's variations are read from the form", () => {
  const variations = [
    { variation_id: 11, sku: 'SHIRT-M', display_price: 18 },
    { variation_id: 12, sku: 'SHIRT-L', display_price: 19.5 },
  ];
  const form = { dataset: { product_id: '10', product_variations: JSON.stringify(variations) } };
  const data = readWoo(form);
  assert.equal(data[0], '10');
  assert.equal(read(choose(data, '12')[0]).price, '19.5');
  assert.deepEqual(choose(data, '0'), []);
  assert.deepEqual(readWoo({ dataset: { product_variations: 'false' } })[1], [], 'too many');
  assert.deepEqual(readWoo(null)[1], []);
});

test('carts and checkouts are known by their paths in the languages of shops', () => {
  const paths = {
    checkout:
      'checkout kasse kassa commande caisse afrekenen bestellen cassa ordine zamowienie pokladna objednavka kassen bestilling penztar comanda finalizar-compra finalizar-pedido tramitar-pedido encomenda onepage-checkout onestepcheckout checkout_shipping blagajna tameio order',
    payment: 'payment zahlung paiement pago pagamento betaling platba platnosc betalning fizetes',
    cart: 'cart basket warenkorb panier carrito cesta carrello carrinho koszyk winkelwagen winkelmandje kosik kurv indkobskurv handlekurv varukorg kundvagn ostoskori kosar shopping-bag sepet',
  };
  for (const [kind, words] of Object.entries(paths)) {
    for (const word of words.split(' ')) {
      for (const path of [`/${word}`, `/xx/${word}/`, `/${word}.php`, `/${word}/step?x=1`]) {
        assert.equal(kindOf(`  ${path}`, false, PATHS), kind, path);
      }
      assert.equal(kindOf(`  /p/${word}-bag`, false, PATHS), 'other', word);
      assert.equal(kindOf(`  /p/my${word}`, false, PATHS), 'other', word);
      assert.equal(kindOf(`  /${word}/lamp`, true, PATHS), 'product', word);
    }
  }
});

test('carts and checkouts are known by the classes of shop systems', () => {
  const classes = {
    checkout: [
      'woocommerce-checkout page ',
      'checkout-index-index page-layout-checkout ', // Magento
      'onestepcheckout-index-index ',
      'multishipping-checkout-addresses ',
      'is-ctl-checkout is-act-confirmpage ', // Shopware
      'is-ctl-register is-act-checkoutregisterpage ',
      'page-order lang-en ', // PrestaShop
      'cl-order ', // OXID
      'in-krok-1 ', // Shoptet
    ],
    payment: ['woocommerce-checkout woocommerce-order-pay ', 'cl-payment '],
    cart: [
      'woocommerce-cart ',
      'checkout-cart-index ',
      'is-ctl-checkout is-act-cartpage ',
      'cl-basket ',
      'template-cart ',
    ],
  };
  for (const [kind, names] of Object.entries(classes)) {
    for (const name of names) assert.equal(kindOf(` ${name}/x`, false, PATHS), kind, name);
  }
});

test('names of products and categories are no checkouts', () => {
  const others = '/plata /border /kasa /bags /cos /payments-terminal /recorder /orders';
  for (const path of others.split(' ')) {
    assert.equal(kindOf(`  ${path}`, false, PATHS), 'other', path);
  }
});

test("the shop's own cart has SKUs and whole quantities", () => {
  const rows = [{ sku: ' A ' }, { sku: 7, qty: '2' }, { sku: '', qty: 1 }, { sku: 'B', qty: 0 }];
  assert.deepEqual(readLines(rows), [
    { sku: 'A', qty: 1 },
    { sku: '7', qty: 2 },
  ]);
});

test('sources that are merged agree on the price in every currency', () => {
  const codes = Intl.supportedValuesOf('currency');
  codes.forEach((currency, at) => {
    const price = currency === 'CLF' ? '12.3456' : minor(currency) === 1000 ? '12.345' : '12';
    const one = { sku: 'A', price, currency };
    const of = (other) =>
      merge([
        ['json-ld', [one]],
        ['rdfa', [{ ...one, ...other }]],
      ]).product.price;
    assert.deepEqual(of({}), { amount: Math.round(price * minor(currency)), currency });
    assert.equal(of({ currency: codes[at - 1] ?? codes.at(-1) }), undefined, currency);
    assert.equal(of({ price: '99' }), undefined, currency);
  });
});
