/** The verbs of a test driver that are the same for every example on `@tactful/checkout`. */

'use strict';

/**
 * @param {object} shop
 * @param {any} shop.bridge the bridge of the example
 * @param {any} shop.store its store, whose waits `settle` ends
 * @param {Function} shop.OfferError what a refused hold throws
 * @param {(cart: string) => void} shop.withoutOffers what a storefront does after a refusal
 * @param {(body: {cart: string}) => Promise<object>} shop.finish the verb that places the order
 */
function exampleVerbs({ bridge, store, OfferError, withoutOffers, finish }) {
  return {
    async pay({ cart, card }) {
      try {
        await bridge.hold(cart);
      } catch (error) {
        if (!(error instanceof OfferError)) throw error;
        if (error.code !== 'offer.later') withoutOffers(cart);
        return { state: 'refused' };
      }
      if (card === 'bank') return { state: 'waiting', order: cart };
      if (card === 'good') return finish({ cart });
      await bridge.release(cart);
      return { state: 'declined' };
    },

    finish,

    async back({ cart }) {
      await bridge.release(cart);
      return {};
    },

    async settle() {
      for (const row of store.waiting.values()) row.notBefore = 0;
      await bridge.sweep.run();
      return {};
    },
  };
}

/** Pauses are cut short, so that a run is. @param {number} pause */
const shortPause = (pause) => new Promise((done) => setTimeout(done, Math.min(pause, 20)));

module.exports = { exampleVerbs, shortPause };
