import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { joinTactful } from '../src/storefront.js';

const SHOP = {
  widgetUrl: 'https://offers.shop.example/widget/v1.js',
  territory: 'DE',
  currency: 'EUR',
  channel: null,
  consent: 'auto',
  identity: null,
};
let page;

/** A page as far as the module needs one. */
beforeEach(() => {
  page = { calls: [], scripts: [], stored: new Map(), listeners: {} };
  globalThis.document = {
    querySelector: () => null,
    createElement: () => ({ dataset: {} }),
    head: { append: (script) => page.scripts.push(script) },
  };
  const sessionStorage = {
    getItem: (key) => page.stored.get(key) ?? null,
    setItem: (key, value) => page.stored.set(key, value),
    removeItem: (key) => page.stored.delete(key),
  };
  const tactful = (command, ...rest) => {
    page.calls.push([command, ...rest]);
    if (command === 'on') page.listeners[rest[0]] = rest[1];
    return command === 'doctor' ? Promise.resolve({ connection: { session: 'se_1' } }) : undefined;
  };
  globalThis.window = { sessionStorage, tactful };
});

/** Join a page whose shop API answers with the given parts. */
function join(answers, more = {}) {
  page.sent = [];
  page.said = [];
  return joinTactful({
    query: async (document, variables) => {
      page.sent.push({ document, variables });
      const name = Object.keys(answers).find((one) => document.includes(one));
      return { [name]: answers[name] };
    },
    onTaken: (order) => page.said.push(order),
    onRefused: (refused) => page.said.push(refused),
    ...more,
  });
}

test('an identity of a pairing reaches the widget as an object', async () => {
  const identity = { customer: '7', expires: 1, hmac: 'ab' };
  await join({ tactfulStorefront: { ...SHOP, identity: JSON.stringify(identity) } });
  assert.deepEqual(
    page.calls.filter(([command]) => command === 'identify'),
    [['identify', identity]],
  );
});

test('the widget is loaded with what the shop says', async () => {
  await join({ tactfulStorefront: { ...SHOP, channel: 'uk' } }, { consent: 'none' });
  const [script] = page.scripts;
  assert.equal(script.src, SHOP.widgetUrl);
  const wanted = { territory: 'DE', currency: 'EUR', consent: 'none', channel: 'uk' };
  assert.deepEqual(script.dataset, wanted);
});

test('calls wait for the widget where it is not loaded yet', async () => {
  delete globalThis.window.tactful;
  await join({ tactfulStorefront: { ...SHOP, identity: 'jwt' } });
  assert.deepEqual(globalThis.window.tactful.q[1], ['identify', 'jwt']);
});

test('a login and a logout are told to the widget, and nothing else is', async () => {
  const names = () => page.calls.map(([name]) => name).filter((name) => name !== 'on');
  await join({ tactfulStorefront: SHOP });
  assert.deepEqual(names(), []);
  await join({ tactfulStorefront: { ...SHOP, identity: 'jwt' } });
  assert.deepEqual(names(), ['identify']);
  await join({ tactfulStorefront: SHOP });
  await join({ tactfulStorefront: SHOP });
  assert.deepEqual(names(), ['identify', 'logout']);
});

/** Accept an offer; what the card gets. */
async function accept() {
  let told;
  const inCart = (answer) => {
    told = answer;
  };
  await page.listeners.accepted({ detail: { token: 't', inCart } });
  return told.catch(({ message }) => message);
}

test('an accepted offer is put into the order, and the card links to the basket', async () => {
  const order = { id: '1', code: 'X' };
  await join({ tactfulStorefront: SHOP, takeTactfulOffer: { order } }, { cartUrl: '/cart' });
  assert.deepEqual(await accept(), { url: '/cart' });
  assert.deepEqual(page.sent.at(-1).variables, { token: 't', session: 'se_1' });
  assert.deepEqual(page.said, [order]);
});

test('a refusal reaches the card and the page with its text', async () => {
  const refused = { code: 'offer.ended', message: 'The offer has ended.' };
  await join({ tactfulStorefront: SHOP, takeTactfulOffer: { refused } });
  assert.deepEqual(await accept(), { failed: 'The offer has ended.' });
  assert.deepEqual(page.said, [refused]);
  await join({ tactfulStorefront: SHOP, takeTactfulOffer: { refused } }, { onRefused: undefined });
  assert.deepEqual(await accept(), { failed: 'The offer has ended.' });
});

test('a shop API that does not answer reaches the card as a failure', async () => {
  const query = async (document) => {
    if (document.includes('takeTactfulOffer')) throw new Error('away');
    return { tactfulStorefront: SHOP };
  };
  await join({}, { query });
  assert.equal(await accept(), 'away');
  assert.deepEqual(page.said, []);
});

test('the session is named to the order when the checkout begins', async () => {
  const joined = await join({ tactfulStorefront: SHOP, linkTactfulSession: true });
  await joined.link();
  assert.deepEqual(page.sent.at(-1).variables, { session: 'se_1' });
  globalThis.window.tactful = async () => undefined;
  page.sent.length = 0;
  await joined.link();
  assert.deepEqual(page.sent, []);
});
