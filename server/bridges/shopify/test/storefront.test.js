/** The script of the theme, in a page that a test plays. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const SCRIPT = readFileSync(
  new URL('../extension/assets/tactful-shopify.js', import.meta.url),
  'utf8',
);

/** A page with a cart; `applicable`: whether Shopify takes a code. */
function page({ codes = [], status = 200, takes = true } = {}) {
  const listeners = {};
  const sent = [];
  const fetch = async (path, request) => {
    if (!request.body) {
      return { ok: true, json: async () => ({ discount_codes: codes.map((code) => ({ code })) }) };
    }
    const change = JSON.parse(request.body);
    sent.push([path, change]);
    const found = takes ? (change.discount ?? '').split(',') : [];
    return {
      ok: status === 200,
      status,
      json: async () => ({ discount_codes: found.map((code) => ({ code, applicable: true })) }),
    };
  };
  const window = {
    Shopify: { routes: { root: '/de/' } },
    tactful: (_, name, listener) => {
      listeners[name] = listener;
    },
  };
  runInNewContext(SCRIPT, { window, fetch });
  return { listeners, sent };
}

/** What the card hears after an acceptance. */
async function accepted({ listeners }, code) {
  let heard;
  listeners.accepted({ detail: { code, inCart: (promise) => (heard = promise) } });
  return heard && { ...(await heard) };
}

test('the code goes into the cart beside those of the shopper', async () => {
  const shown = page({ codes: ['HELLO', 'spring-1'] });
  assert.deepEqual(await accepted(shown, 'SPRING-1'), { url: '/de/cart' });
  assert.deepEqual(shown.sent, [['/de/cart/update.js', { discount: 'HELLO,SPRING-1' }]]);
});

test('a code that the cart does not take stays on the card', async () => {
  const { failed } = await accepted(page({ takes: false }), 'SPRING-1');
  assert.match(failed, /Enter it at the checkout/);
  await assert.rejects(accepted(page({ status: 500 }), 'SPRING-1'), /answers 500/);
});

test('an offer without a code is left to the card', async () => {
  const shown = page();
  assert.equal(await accepted(shown, undefined), undefined);
  assert.deepEqual(shown.sent, []);
});

test('the cart names the session once, and again if that failed', async () => {
  const shown = page();
  for (const session of ['se_1', 'se_1', undefined]) {
    shown.listeners.session({ detail: { session } });
  }
  const named = shown.sent.map(([, change]) => change.attributes._tactful_session);
  assert.deepEqual(named, ['se_1', '']);
  const failing = page({ status: 500 });
  failing.listeners.session({ detail: { session: 'se_1' } });
  await new Promise((done) => setImmediate(done));
  failing.listeners.session({ detail: { session: 'se_1' } });
  assert.equal(failing.sent.length, 2);
});
