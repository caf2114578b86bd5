/** Elements built without HTML text, which strict pages refuse, and notification of new nodes. */

import { bare, guard } from './guard.js';

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  // Not `append`: old libraries replace it.
  for (const child of children) {
    const isText = typeof child === 'string';
    // A text of either direction on a page of the other.
    if (isText) node.dir = 'auto';
    node.appendChild(isText ? document.createTextNode(child) : child);
  }
  return node;
}

/** @param {() => void} fn called after anything that pages print data with has changed */
export const watchNodes = (fn) =>
  new MutationObserver(guard(fn)).observe(
    document,
    bare({
      childList: true,
      subtree: true,
      characterData: true,
      attributeFilter: ['content', 'href'],
    }),
  );
