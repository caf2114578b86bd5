/** The shop's own script: passes identity, consent and cart on to the widget, and keeps accepted offers. */

window.tactful ??= function stub(...call) {
  (stub.q ??= []).push(call);
};
const visitor = JSON.parse(document.getElementById('visitor').textContent);

if (visitor.logout) tactful('logout');
tactful('consent', visitor.consent);
if (visitor.identity) tactful('identify', visitor.identity);
tactful('cart', visitor.cart);
// The widget learns the kind of these pages from the shop, because their URLs do not show it.
if (location.pathname.endsWith('/cancel')) tactful('page', { kind: 'cancel', moment: 'rescue' });
else if (location.pathname.startsWith('/shop/account')) tactful('page', { kind: 'account' });
else if (location.pathname === '/shop/') tactful('page', { kind: 'home' });

tactful('on', 'accepted', async ({ detail: { token } }) => {
  const body = new URLSearchParams({ token });
  const answer = await fetch(`/shop/cart/offer${location.search}`, { method: 'POST', body });
  if (!answer.ok) return;
  const { count } = await answer.json();
  document.querySelector('[data-count]').textContent = count;
  document.querySelector('[data-cart]').ariaLabel = `Cart, ${count} in it`;
});

const LIVE_MS = 700;
const article = document.querySelector('[data-live]');

/** Show the price and stock of the open product as they are now. */
function shelve({ price, cents, was, left, few, bought, button, gone }) {
  const at = (selector) => article.querySelector(selector);
  const put = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  put(at('.price span'), price);
  put(at('.price s'), was ?? '');
  at('.price s').hidden = !was;
  put(at('.left'), left);
  at('.left').classList.toggle('few', few);
  put(at('form button'), button);
  at('form button').disabled = !bought;
  for (const size of article.querySelectorAll('[data-size]')) {
    const missing = gone.includes(size.dataset.size);
    size.classList.toggle('gone', missing);
    size.querySelector('.only').hidden = !missing;
  }
  // The widget has read the price from the page's JSON-LD, which stays as it was at the load.
  if (article.dataset.cents === String(cents)) return;
  article.dataset.cents = cents;
  tactful('view', { sku: article.dataset.sku, price: { amount: cents, currency: 'EUR' } });
}

async function follow() {
  if (!document.hidden) {
    // Without an answer the page stays as it is until the next attempt.
    const answer = await fetch(article.dataset.live).catch(() => null);
    if (answer?.ok) shelve(await answer.json());
  }
  setTimeout(follow, LIVE_MS);
}
if (article) setTimeout(follow, LIVE_MS);
