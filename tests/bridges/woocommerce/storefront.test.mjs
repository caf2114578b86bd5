/** The storefront's script on a page of fakes: what reaches the cart, the card and the page. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const SCRIPT = new URL('../../../server/bridges/woocommerce/assets/storefront.js', import.meta.url);
const CART = 'https://shop.example/cart/';

/** Load the script into a page whose shop answers `take` with the given statuses and bodies, in turn. */
function load(answers, settings = {}) {
  const page = { calls: [], sent: [], events: [], triggered: [], listeners: {} };
  const body = { dispatchEvent: (event) => page.events.push(event) };
  const jQuery = () => ({
    on: (name, _, heard) => { page.listeners[name] = heard; },
    trigger(name) { page.triggered.push(name); return this; },
  });
  const storage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const tactful = (command, ...rest) => {
    page.calls.push([command, ...rest]);
    if (command === 'on') page.listeners[rest[0]] = rest[1];
  };
  const window = {
    tactful, jQuery: 'jQuery' in settings ? settings.jQuery : jQuery, sessionStorage: storage,
    tactfulWoo: { shopper: '/who', take: '/take', isLoggedIn: false, session: 'c', sku: '', nonce: 'n1', ...settings },
  };
  const document = { body, querySelectorAll: () => settings.options ?? [] };
  const fetch = async (url, request = {}) => {
    page.sent.push([url, request.headers?.['X-Tactful-Nonce'], request.body && JSON.parse(request.body)]);
    if (url === '/who') return { json: async () => ({ identity: '', nonce: 'n2' }) };
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('Failed to fetch');
    const [status, found] = answer;
    return { ok: status < 400, status, json: async () => found };
  };
  vm.runInNewContext(readFileSync(SCRIPT, 'utf8'), { window, document, fetch, CustomEvent, Object });
  return page;
}

/** Accept an offer; the answer that the card gets, or the error. */
async function accept(page) {
  let told;
  await page.listeners.accepted({ detail: { token: 'a.b.c', inCart: (answer) => { told = answer; } } });
  const found = await told.catch((error) => ({ error: error.message }));
  return { ...found };
}

test('the card hears where the cart is, and the page shows the cart without leaving', async () => {
  const page = load([[201, { cart: CART }]]);
  assert.deepEqual(await accept(page), { url: CART });
  assert.deepEqual(page.sent, [['/take', 'n1', { token: 'a.b.c', options: {} }]]);
  const [event] = page.events;
  assert.equal(event.type, 'wc-blocks_added_to_cart');
  assert.equal(event.bubbles, true); // the Mini-Cart block listens on the document
  assert.equal(event.detail.preserveCartData, false);
  assert.deepEqual(page.triggered, ['wc_fragment_refresh', 'wc_update_cart']);
});

test('an offer that an earlier request has put into the cart counts as put', async () => {
  assert.deepEqual(await accept(load([[200, { cart: CART }]])), { url: CART });
});

test('a refusal reaches the card in the words of the shop, and the page stays as it is', async () => {
  const page = load([[409, { code: 'offer.stock', message: 'Sold out.' }]]);
  assert.deepEqual(await accept(page), { failed: 'Sold out.' });
  assert.deepEqual([page.events, page.triggered], [[], []]);
});

test('a shop that does not answer reaches the card as a failure', async () => {
  const page = load([]);
  assert.deepEqual(await accept(page), { error: 'Failed to fetch' });
  assert.deepEqual(page.events, []);
});

test('an old nonce of a cached page is renewed once', async () => {
  const page = load([[403, { message: 'old' }], [201, { cart: CART }]]);
  assert.deepEqual(await accept(page), { url: CART });
  assert.deepEqual(page.sent.map(([url, nonce]) => [url, nonce]), [['/take', 'n1'], ['/who', undefined], ['/take', 'n2']]);
});

test('the options that the shopper chose are sent along', async () => {
  const page = load([[201, { cart: CART }]], { options: [{ name: 'attribute_size', value: 'M' }] });
  await accept(page);
  assert.deepEqual(page.sent[0][2].options, { attribute_size: 'M' });
});

test('a theme without jQuery renews the blocks', async () => {
  const page = load([[201, { cart: CART }]], { jQuery: undefined });
  assert.deepEqual(await accept(page), { url: CART });
  assert.equal(page.events.length, 1);
});
