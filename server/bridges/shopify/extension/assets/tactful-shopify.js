/** Puts the discount code of an accepted offer into Shopify's cart, and names the session of the order. */
(() => {
  const root = window.Shopify?.routes?.root ?? '/';
  const FAILED = 'The code could not be applied. Enter it at the checkout.';

  /** Change the cart, and return it as it is then. */
  const update = async (change) => {
    const answer = await fetch(`${root}cart/update.js`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(change),
    });
    if (!answer.ok) throw new Error(`cart/update.js answers ${answer.status}`);
    return answer.json();
  };

  const isSame = (one, other) => one.toLowerCase() === other.toLowerCase();

  /** The new code comes last; the shopper's own codes stay. */
  const apply = async (code) => {
    const cart = await (await fetch(`${root}cart.js`, { credentials: 'same-origin' })).json();
    const before = (cart.discount_codes ?? []).map((one) => one.code);
    const kept = before.filter((one) => !isSame(one, code));
    const { discount_codes: codes = [] } = await update({ discount: [...kept, code].join(',') });
    const mine = codes.find((one) => isSame(one.code, code));
    // A code for an item that is not in the cart yet applies as soon as the item is there.
    return mine ? { url: `${root}cart` } : { failed: FAILED };
  };

  window.tactful('on', 'accepted', ({ detail }) => {
    if (detail.code) detail.inCart(apply(detail.code));
  });

  // The order's webhook brings the attribute, so that results count orders without an offer, too.
  let reported;
  window.tactful('on', 'session', ({ detail }) => {
    const session = detail.session ?? '';
    if (session === reported) return;
    reported = session;
    update({ attributes: { _tactful_session: session } }).catch(() => {
      reported = undefined;
    });
  });
})();
