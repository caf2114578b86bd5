/** Joins the widget to the shop's basket: names the page's product, and puts an accepted offer into the basket. */
(() => {
  'use strict';
  const { put, csrf, identity, sku, cart, failed } = document.currentScript.dataset;
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
    window.tactful('identify', identity);
    remembered((storage) => storage.setItem(IDENTIFIED, '1'));
  } else if (remembered((storage) => storage.getItem(IDENTIFIED))) {
    window.tactful('logout');
    remembered((storage) => storage.removeItem(IDENTIFIED));
  }

  const say = (message) => {
    const note = document.createElement('div');
    note.className = 'alert alert-danger';
    note.setAttribute('role', 'alert');
    note.textContent = message;
    (document.getElementById('messages') || document.body).prepend(note);
  };

  window.tactful('on', 'accepted', async ({ detail }) => {
    try {
      const answer = await fetch(put, {
        method: 'POST',
        credentials: 'same-origin',
        keepalive: true, // the shopper may already be on the way to another page
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf },
        body: JSON.stringify({ token: detail.token }),
      });
      const { basket, message } = await answer.json();
      if (answer.ok) window.location.assign(basket);
      else say(message);
    } catch {
      say(failed);
    }
  });
})();
