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
  const answer = await fetch('/shop/cart/offer', { method: 'POST', body });
  if (!answer.ok) return;
  const { count } = await answer.json();
  document.querySelector('[data-count]').textContent = count;
  document.querySelector('[data-cart]').ariaLabel = `Cart, ${count} in it`;
});
