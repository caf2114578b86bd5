/** `<tactful-offer sku="…">`: a place for the card that the shop chooses itself. */

import { guard } from './guard.js';

/** @param {() => void} placed called when one appears */
export const defineElement = guard((/** @type {() => void} */ placed) => {
  customElements.define(
    'tactful-offer',
    class extends HTMLElement {
      connectedCallback() {
        placed();
      }
    },
  );
});
