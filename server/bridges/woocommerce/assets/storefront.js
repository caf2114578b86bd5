/** Joins the widget to the shop's cart: names the page's product, and puts an accepted offer into the cart. */
(() => {
  'use strict';
  const { shopper, take, isLoggedIn, session: cookie, sku } = window.tactfulWoo;
  const IDENTIFIED = 'tactful-woo-identified';
  const stub = (...call) => (stub.q = stub.q || []).push(call);
  window.tactful = window.tactful || stub;
  let { nonce } = window.tactfulWoo;

  if (sku) window.tactful('view', sku);

  // A variation without an SKU of its own would be named by its parent's.
  window.jQuery?.(document.body).on('found_variation', '.variations_form', (_, variation) => {
    const own = variation?.tactful_sku;
    if (own && own !== variation.sku) window.tactful('view', own);
  });

  /** Storage may be forbidden; the shopper is then identified anew on each page, and never as another. */
  const remembered = (change) => {
    try {
      return change(window.sessionStorage);
    } catch {
      return null;
    }
  };

  /** What must not be in a cached page: the identity, and a nonce that is valid now. */
  const askWho = async () => {
    const answer = await fetch(shopper, { credentials: 'same-origin', cache: 'no-store' });
    const found = await answer.json();
    nonce = found.nonce;
    return found;
  };

  if (isLoggedIn) {
    askWho().then(
      ({ identity }) => {
        if (!identity) return;
        window.tactful('identify', identity);
        remembered((storage) => storage.setItem(IDENTIFIED, '1'));
      },
      () => {}, // the shopper stays anonymous on this page
    );
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

  const options = () => {
    const chosen = document.querySelectorAll('.variations_form [name^="attribute_"]');
    return Object.fromEntries([...chosen].map(({ name, value }) => [name, value]));
  };

  const put = (token) =>
    fetch(take, {
      method: 'POST',
      credentials: 'same-origin',
      keepalive: true, // the shopper may already be on the way to another page
      headers: { 'Content-Type': 'application/json', 'X-Tactful-Nonce': nonce },
      body: JSON.stringify({ token, options: options() }),
    });

  /** Return where the cart is that has the offer of a token now, or why it has not. */
  const intoCart = async (token) => {
    let answer = await put(token);
    if (answer.status === 403) {
      await askWho(); // the page came from a cache
      answer = await put(token);
    }
    const { cart, message } = await answer.json();
    return answer.ok ? { url: cart } : { failed: message };
  };

  /** Let the small cart and the page of the cart show the present cart: blocks by the event, classic pages by jQuery. */
  const renewCart = () => {
    const detail = { preserveCartData: false };
    document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart', { bubbles: true, detail }));
    window.jQuery?.(document.body).trigger('wc_fragment_refresh').trigger('wc_update_cart');
  };

  window.tactful('on', 'accepted', async ({ detail: { token, inCart } }) => {
    const answer = intoCart(token);
    inCart(answer); // the card tells a failure, and offers to try again
    const { url } = await answer.catch(() => ({}));
    if (url) renewCart();
  });
})();
