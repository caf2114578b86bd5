/** Joins the widget to a storefront in the browser; it needs nothing but the shop API. */

const STOREFRONT =
  '{ tactfulStorefront { widgetUrl territory currency channel consent identity } }';
const TAKE = `mutation ($token: String!, $quantity: Int, $session: String) {
  takeTactfulOffer(token: $token, quantity: $quantity, session: $session) {
    order { id code }
    refused { code message }
  }
}`;
const LINK = 'mutation ($session: String!) { linkTactfulSession(session: $session) }';
const IDENTIFIED = 'tactful-identified';

/**
 * Load the widget, tell it who is logged in, and put accepted offers into the active order.
 *
 * Call it once a page load, and `identify` again after a login or logout.
 *
 * @param {import('./storefront').JoinOptions} options
 * @returns {Promise<import('./storefront').Joined>}
 */
export async function joinTactful({ query, onTaken, onRefused, cartUrl, consent }) {
  const { tactfulStorefront: shop } = await query(STOREFRONT);
  window.tactful ??= function stub(...call) {
    stub.q ??= [];
    stub.q.push(call);
  };
  const intoOrder = async (token) => {
    const session = await sessionId();
    return (await query(TAKE, { token, session })).takeTactfulOffer;
  };
  window.tactful('on', 'accepted', async ({ detail: { token, inCart } }) => {
    const taken = intoOrder(token);
    // The card tells a failure, and offers to try again.
    inCart(taken.then(({ refused }) => (refused ? { failed: refused.message } : { url: cartUrl })));
    const { order, refused } = await taken.catch(() => ({}));
    if (refused) onRefused?.(refused);
    else if (order) onTaken(order);
  });
  tellIdentity(shop.identity);
  loadWidget(shop, consent);
  return {
    identify: async () => tellIdentity((await query(STOREFRONT)).tactfulStorefront.identity),
    link: async () => {
      const session = await sessionId();
      if (session) await query(LINK, { session });
    },
  };
}

function loadWidget(shop, consent) {
  if (document.querySelector(`script[src="${shop.widgetUrl}"]`)) return;
  const script = document.createElement('script');
  script.async = true;
  script.src = shop.widgetUrl;
  script.dataset.territory = shop.territory;
  script.dataset.currency = shop.currency;
  script.dataset.consent = consent ?? shop.consent;
  if (shop.channel) script.dataset.channel = shop.channel;
  document.head.append(script);
}

/** Return the id of the widget's session; null: it is not connected, or not loaded. */
async function sessionId() {
  const report = await window.tactful('doctor');
  return report?.connection?.session ?? null;
}

/** Tell the widget who is logged in; null: nobody, which it needs to know after a logout only. */
function tellIdentity(identity) {
  if (identity) {
    window.tactful('identify', identity.startsWith('{') ? JSON.parse(identity) : identity);
    remember((storage) => storage.setItem(IDENTIFIED, '1'));
  } else if (remember((storage) => storage.getItem(IDENTIFIED))) {
    window.tactful('logout');
    remember((storage) => storage.removeItem(IDENTIFIED));
  }
}

/** Storage may be forbidden; the shopper is then identified anew on each page, and never as another. */
function remember(change) {
  try {
    return change(window.sessionStorage);
  } catch {
    return null;
  }
}
