/** Position of the card: in a place of the page's flow, or above fixed elements in its corner. */

import { painted } from './dialogue.js';

/** So often the card climbs over something before it gives up. */
const CLIMBS = 5;
/** How finely the page below the card is looked at, in pixels: a finger's width. */
const STEP = 40;
/** @param {Element} node @returns {Element | undefined} also out of an open shadow root */
const parentOf = (node) =>
  node.parentElement ?? /** @type {ShadowRoot} */ (node.getRootNode()).host;

/**
 * @param {number} x @param {number} y
 * @param {Element} host of the card, below which is looked
 * @returns {Element | null | undefined} the topmost element, also inside of open shadow roots
 */
function elementAt(x, y, host) {
  let node = document.elementsFromPoint(x, y).find((one) => one !== host && painted(one));
  for (;;) {
    const inner = node?.shadowRoot?.elementFromPoint(x, y);
    if (!inner || inner === node) return node;
    node = inner;
  }
}

/**
 * The top of what must not be covered: a bar, sheet or bubble that cannot be scrolled away, the focus.
 * @param {DOMRect} box of the card
 * @param {Element} host
 * @returns {number} Infinity when nothing is in the way
 */
function obstacle({ left, top, right, bottom }, host) {
  let highest = 1 / 0;
  const { activeElement, body } = document;
  /** @type {Set<Element | null | undefined>} */
  const nodes = new Set([activeElement]);
  for (let x = left; x < right; x += STEP) {
    for (let y = top; y < bottom; y += STEP) nodes.add(elementAt(x, y, host));
    nodes.add(elementAt(x, bottom - 1, host));
  }
  for (const node of nodes) {
    if (!node || node === host || node === body) continue;
    nodes.add(parentOf(node));
    const box = node.getBoundingClientRect();
    const focused =
      node === activeElement && box.top < bottom && box.bottom > top && box.right > left;
    // A whole application inside one fixed box is a page, not a bar.
    const pinned =
      /fixed|sticky/.test(getComputedStyle(node).position) &&
      !(box.height >= innerHeight && node.querySelector('main,h1'));
    if (focused || pinned) highest = Math.min(highest, box.top);
  }
  return highest;
}

/**
 * @param {HTMLElement} card
 * @param {Element} host
 * @returns {boolean} whether there is room; where there is none, the card is not shown
 */
function climb(card, host) {
  let lift = 0;
  for (let i = 0; i < CLIMBS; i++) {
    card.style.setProperty('--lift', `${lift}px`);
    const box = card.getBoundingClientRect();
    if (lift && box.top < 0) break;
    const top = obstacle(box, host);
    if (top > innerHeight) return true;
    lift = innerHeight - top;
  }
  card.style.display = 'none';
  return false;
}

/** @param {Element} node @returns {boolean} whether a part of its height is on the screen */
export function inView(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom >= 0 && top < innerHeight;
}

/**
 * Puts the card where nothing that the shopper sees has to move for it.
 * @param {HTMLElement} host
 * @param {HTMLElement} card
 * @param {Element} [home] of the page's flow, where the card belongs there
 * @param {Element} [after] the child of `home` behind which it stands; else it is the last one
 * @returns {[flows: boolean, room: boolean]} whether it is in the page's own flow, and whether there is
 *   room for it at all
 */
export function place(host, card, home, after) {
  const parent = home ?? document.documentElement;
  host.toggleAttribute('data-slot', !!home);
  if (after) after.after(host);
  else if (host.parentNode !== parent) parent.appendChild(host);
  card.style.display = '';
  return [!!home, !!home || climb(card, host)];
}
