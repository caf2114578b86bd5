/** Joins the widget to the shop: the page's product, the customer, the basket and the session of orders. */
(() => {
  'use strict';
  const { put, csrf, identity, sku, cart, session: cookie } = document.currentScript.dataset;
  const IDENTIFIED = 'tactful-oscar-identified';
  window.tactful = window.tactful || function stub(...call) { (stub.q = stub.q || []).push(call); };

  if (sku) window.tactful('view', sku);
  const report = (lines) => lines && window.tactful('cart', JSON.parse(lines));
  report(cart);

  /** Storage may be forbidden; the shopper is then identified anew on each page, and never as another. */
  const remembered = (change) => {
    try {
      return change(window.sessionStorage);
    } catch {
      return null;
    }
  };
  if (identity) {
    // A pairing signs an object, the identity secret a JWT.
    window.tactful('identify', identity.startsWith('{') ? JSON.parse(identity) : identity);
    remembered((storage) => storage.setItem(IDENTIFIED, '1'));
  } else if (remembered((storage) => storage.getItem(IDENTIFIED))) {
    window.tactful('logout');
    remembered((storage) => storage.removeItem(IDENTIFIED));
  }

  // An order names the shopper's session, so that results count orders without an offer, too. The cookie
  // ends with the browser, and at once when consent is withdrawn.
  window.tactful('on', 'session', ({ detail: { session = '' } }) => {
    const secure = window.location.protocol === 'https:' ? '; Secure' : '';
    const end = session ? '' : '; Max-Age=0';
    document.cookie = `${cookie}=${session}; Path=/; SameSite=Lax${secure}${end}`;
  });

  const intoBasket = async (token) => {
    const answer = await fetch(put, {
      method: 'POST',
      credentials: 'same-origin',
      keepalive: true, // the shopper may already be on the way to another page
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf },
      body: JSON.stringify({ token }),
    });
    const { basket, message } = await answer.json();
    return answer.ok ? { url: basket } : { failed: message };
  };
  /** Show and report the present basket; a page without Oscar's small basket stays as it is. */
  const renewBasket = async () => {
    const answer = await fetch(window.location.href, { credentials: 'same-origin' });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const parts = fresh.querySelectorAll('.basket-mini');
    document.querySelectorAll('.basket-mini').forEach((part, place) => {
      if (parts[place]) part.replaceWith(parts[place]);
    });
    report(fresh.getElementById('tactful-storefront')?.dataset.cart);
  };
  window.tactful('on', 'accepted', async ({ detail: { token, inCart } }) => {
    const answer = intoBasket(token);
    inCart(answer); // the card tells a failure, and offers to try again
    const { url } = await answer.catch(() => ({}));
    if (!url) return;
    // The page of the basket shows its lines itself.
    if (window.location.pathname === url) window.location.reload();
    else await renewBasket();
  });
})();
