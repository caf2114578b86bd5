/** The page's own colours and font, so that the card looks at home. */

/**
 * @param {string} text a computed colour
 * @returns {number[] | null} red, green, blue in 0–255; null when transparent or in another notation
 */
export function rgb(text) {
  const [r, g, b, alpha = 1] = (/^rgba?\(([^)]+)\)/.exec(text)?.[1] ?? '')
    .split(/[,/\s]+/)
    .map(Number);
  return Number.isFinite(b) && alpha > 0.9 ? [r, g, b] : null;
}

/** @param {number[]} colour WCAG 2 relative luminance */
export function luminance(colour) {
  const [r, g, b] = colour.map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {number[]} one
 * @param {number[]} other
 * @returns {number} WCAG 2 contrast ratio
 */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * @param {Element | null} from
 * @returns {number[]} what is painted behind it
 */
function behind(from) {
  for (let node = from; node; node = node.parentElement) {
    const colour = rgb(getComputedStyle(node).backgroundColor);
    if (colour) return colour;
  }
  const dark = getComputedStyle(document.documentElement).colorScheme === 'dark';
  return dark ? [0, 0, 0] : [255, 255, 255];
}

/** The button a shopper knows: most themes of the big platforms have one of these. */
const BUY =
  '.single_add_to_cart_button,#product-addtocart-button,[name=add],[data-add-to-cart],form[action*=cart] [type=submit]';

/**
 * @param {HTMLElement} card
 * @param {Element} place where it is shown
 * @param {string} theme light, dark or auto
 */
export function dress(card, place, theme) {
  const ground = behind(place);
  card.classList.toggle('dark', theme === 'auto' ? luminance(ground) < 0.2 : theme === 'dark');
  card.style.setProperty('--page-font', getComputedStyle(document.body).fontFamily);
  const button = document.querySelector(BUY);
  if (!button) return;
  const { backgroundColor, color } = getComputedStyle(button);
  const [fill, text] = [rgb(backgroundColor), rgb(color)];
  // Only a button that can be read, and told from the card, is worth copying.
  if (!fill || !text || contrast(fill, text) < 4.5 || contrast(fill, ground) < 3) return;
  card.style.setProperty('--page-accent', backgroundColor);
  card.style.setProperty('--page-on-accent', color);
}
