/** `<tactful-offer sku="…">`: a place for the card that the shop chooses itself. */

import { guard } from './guard.js';

/** @param {() => void} placed called when one appears or goes */
export const defineElement = guard((/** @type {() => void} */ placed) => {
  if (!window.customElements || customElements.get('tactful-offer')) return;
  customElements.define(
    'tactful-offer',
    class extends HTMLElement {
      connectedCallback() {
        placed();
      }
    },
  );
});
