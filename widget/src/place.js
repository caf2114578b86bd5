/** Where the card goes: a free corner, or a slot in the page that it can fill without moving it. */

import { listen } from './guard.js';

const CORNERS = ['bottom-end', 'bottom-start', 'top-end', 'top-start'];
const CONTROL = 'a,button,input,select,textarea,label,summary,[role=button],[tabindex]';
/** What counts as worse than covering a control: a bar or bubble that cannot be scrolled away. */
const PINNED = 100;
/** How finely the page below the card is looked at. */
const STEPS = 5;

/** @param {Element | null} node */
function pinned(node) {
  for (let at = node; at; at = at.parentElement) {
    if (/fixed|sticky/.test(getComputedStyle(at).position)) return at;
  }
}

/**
 * What the card covers where it is now.
 * @param {HTMLElement} card
 * @param {Element} host
 * @returns {{cost: number, bars: Element[]}}
 */
function covered(card, host) {
  const { left, top, width, height } = card.getBoundingClientRect();
  let cost = 0;
  /** @type {Set<Element>} */
  const bars = new Set();
  for (let i = 0; i < STEPS * STEPS; i++) {
    const x = left + (width * ((i % STEPS) + 0.5)) / STEPS;
    const y = top + (height * (Math.floor(i / STEPS) + 0.5)) / STEPS;
    const below = document.elementsFromPoint(x, y).find((node) => node !== host);
    if (!below) continue;
    const bar = pinned(below);
    if (bar && bar.clientHeight < innerHeight * 0.8) bars.add(bar);
    const control = below.closest(CONTROL);
    cost += (bar ? PINNED : 0) + (control ? 1 : 0);
    if (control && control === document.activeElement) cost += PINNED;
  }
  return { cost, bars: [...bars] };
}

/**
 * Puts the card into the corner where it covers least; the first choice wins a tie.
 * @param {HTMLElement} card
 * @param {Element} host
 * @param {string} preferred
 */
export function corner(card, host, preferred) {
  let best = { cost: Number.POSITIVE_INFINITY, at: '', lift: 0 };
  const look = (/** @type {string} */ at, lift = 0) => {
    card.dataset.at = at;
    card.style.setProperty('--lift', `${lift}px`);
    const found = covered(card, host);
    if (found.cost < best.cost) best = { cost: found.cost, at, lift };
    return found.bars;
  };
  for (const at of new Set([preferred, ...CORNERS])) {
    if (!CORNERS.includes(at) || !best.cost) continue;
    const bars = look(at);
    // Above a bar that is there all the time, or below one at the top.
    const edges = bars.map((bar) => bar.getBoundingClientRect());
    if (!edges.length) continue;
    look(
      at,
      at[0] === 'b'
        ? innerHeight - Math.min(...edges.map(({ top }) => top))
        : Math.max(...edges.map(({ bottom }) => bottom)),
    );
  }
  card.dataset.at = best.at;
  card.style.setProperty('--lift', `${best.lift}px`);
}

/** @param {Element} node */
export function inView(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/**
 * Whether the host fits into the slot without moving anything the shopper sees.
 * Above the view it does where the browser anchors the scroll position.
 * @param {Element} slot
 * @param {HTMLElement} host
 * @param {HTMLElement} card
 */
function fits(slot, host, card) {
  const { top, bottom } = slot.getBoundingClientRect();
  if (top >= innerHeight) return true;
  if (bottom < 0 && CSS.supports('overflow-anchor', 'auto')) return true;
  card.style.position = 'absolute';
  card.style.visibility = 'hidden';
  slot.appendChild(host);
  const room = slot.getBoundingClientRect().height >= card.offsetHeight;
  card.style.position = card.style.visibility = '';
  return room;
}

/** @param {string} sku */
const element = (sku) =>
  [...document.querySelectorAll('tactful-offer')].find((slot) => {
    const only = slot.getAttribute('sku');
    return !only || only === sku;
  });

/**
 * The end of the block that holds the price.
 * @param {string} selector the shop's, else the usual places
 */
function afterPrice(selector) {
  let node = document.querySelector(
    selector || '[itemprop=offers] [itemprop=price],.product .price,.price,[data-product-price]',
  );
  for (let i = 0; node?.parentElement && i < 4; i++) {
    const row = /flex|grid/.test(getComputedStyle(node.parentElement).display);
    if (!row && !/^inline/.test(getComputedStyle(node).display)) break;
    node = node.parentElement;
  }
  return node;
}

/**
 * @param {{sku: string, placement: string}} offer
 * @param {boolean} own whether the offer is for the product of this page
 * @param {HTMLElement} host
 * @param {HTMLElement} card
 * @param {{placement: string, corner: string, inline: string}} wish
 */
export function place(offer, own, host, card, wish) {
  const slot = element(offer.sku);
  if (slot && fits(slot, host, card)) return settle(host, card, slot, null);
  if ((wish.placement || offer.placement) === 'inline' && own) {
    const price = afterPrice(wish.inline);
    if (price?.parentElement && !inView(price)) {
      return settle(host, card, price.parentElement, price.nextSibling);
    }
  }
  host.removeAttribute('data-slot');
  if (host.parentNode !== document.documentElement) document.documentElement.appendChild(host);
  corner(card, host, wish.corner);
}

/**
 * @param {HTMLElement} host
 * @param {HTMLElement} card
 * @param {Element} parent
 * @param {Node | null} before
 */
function settle(host, card, parent, before) {
  host.setAttribute('data-slot', '');
  card.dataset.at = 'slot';
  if (host.parentNode !== parent) parent.insertBefore(host, before);
}

/** @param {() => void} again called when the best place may have changed */
export function onPlaceChange(again) {
  listen(window, 'resize', again);
  listen(document, 'focusin', again);
}
