/** Open dialogues of the page, told from closed ones that a theme has printed. */

import { bare } from './guard.js';

const MODAL = ':modal,[aria-modal=true]';

/** @param {Element} node @returns {boolean} whether it can be seen, unless something covers it */
export const painted = (node) => node.checkVisibility(bare({ checkOpacity: true }));

/** @param {Element} node @returns {boolean} whether its middle is on the screen and is painted */
function visible(node) {
  if (!painted(node)) return false;
  const { left, top, right, bottom } = node.getBoundingClientRect();
  const middle = (
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ end,
  ) => (Math.max(from, 0) + Math.min(to, end)) / 2;
  // Elements that are clipped, off the screen or inert are not found at their position.
  return document
    .elementsFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight))
    .includes(node);
}

/**
 * Shopify's and WooCommerce's themes print closed drawers and light boxes into every page.
 * @returns {Element | undefined} an open dialogue, that is one of which a part can be seen
 */
export const openDialogue = () =>
  [...document.querySelectorAll(MODAL)].find(
    (node) =>
      !node.closest('[aria-hidden=true]') &&
      // The dialogue itself may have no size while its content is positioned on the screen.
      [node, ...node.querySelectorAll('*')].some(visible),
  );
