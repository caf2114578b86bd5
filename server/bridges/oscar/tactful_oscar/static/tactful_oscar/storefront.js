/** Joins the widget to the shop: the page's product, the customer, the basket and the session of orders. */
(() => {
  'use strict';
  const { put, csrf, identity, sku, cart, session: cookie } = document.currentScript.dataset;
  const IDENTIFIED = 'tactful-oscar-identified';
  window.tactful = window.tactful || function stub(...call) { (stub.q = stub.q || []).push(call); };

  if (sku) window.tactful('view', sku);
  if (cart) window.tactful('cart', JSON.parse(cart));

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
  window.tactful('on', 'accepted', async ({ detail: { token, inCart } }) => {
    const answer = intoBasket(token);
    inCart(answer); // the card tells a failure, and offers to try again
    const { url } = await answer.catch(() => ({}));
    if (url) window.location.assign(url);
  });
})();
