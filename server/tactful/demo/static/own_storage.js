/**
 * Storage of its own for a page of the story, as the browser of another shopper would have it:
 * all frames of one origin in one window share `sessionStorage`, and the widget's channel.
 * It runs before the widget, which is used as it is.
 */
{
  const own = (name) => `${new URLSearchParams(location.search).get('as')}/${name}`;
  const Shared = window.BroadcastChannel;
  window.BroadcastChannel = class extends Shared {
    constructor(name) {
      super(own(name));
    }
  };
  let kept;
  try {
    kept = sessionStorage;
  } catch {
    // Storage is blocked. The widget then keeps its session on each page only.
  }
  if (kept) {
    const value = {
      getItem: (key) => kept.getItem(own(key)),
      setItem: (key, text) => kept.setItem(own(key), text),
      removeItem: (key) => kept.removeItem(own(key)),
    };
    Object.defineProperty(window, 'sessionStorage', { configurable: true, value });
  }
}
