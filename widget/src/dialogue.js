/** Which dialogue of the page is open: one that is only there does not count. */

import { bare } from './guard.js';

const MODAL = ':modal,[aria-modal=true]';

/** @param {Element} node @returns {boolean} whether its middle is on the screen and is painted */
function visible(node) {
  if (!node.checkVisibility(bare({ checkOpacity: true, checkVisibilityCSS: true }))) return false;
  const { left, top, right, bottom } = node.getBoundingClientRect();
  const middle = (
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ end,
  ) => (Math.max(from, 0) + Math.min(to, end)) / 2;
  // Only what is neither clipped away nor beside the screen nor inert is found at its place.
  return document
    .elementsFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight))
    .includes(node);
}

/**
 * Themes print their closed drawers and light boxes into every page.
 * @returns {Element | undefined} an open dialogue, that is one of which a part can be seen
 */
export const openDialogue = () =>
  [...document.querySelectorAll(MODAL)].find(
    (node) =>
      !node.closest('[aria-hidden=true]') &&
      // The dialogue itself may have no size, and its content a place of its own.
      [node, ...node.querySelectorAll('*')].some(visible),
  );
