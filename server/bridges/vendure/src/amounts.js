/** Amounts of order lines: what a shopper sees, what an offer takes off, and what is charged. */

/** Return the price that shoppers of a channel see: with tax, or without where prices are entered so. */
export const shownPrice = (ctx, withTax, withoutTax) =>
  ctx.channel.pricesIncludeTax ? withTax : withoutTax;

/**
 * Return what to add to a line so that it costs the promised price, in the terms of its list price.
 *
 * Where tax is added to the list price, not every price with tax can be reached: it is then the next
 * lower one.
 *
 * @param {number} promised the price of one unit, as the shopper sees it, in minor units
 */
export function adjustmentFor(ctx, line, promised) {
  const quantity = Math.max(line.orderPlacedQuantity ?? 0, line.quantity);
  const taken = line.adjustments.reduce((sum, { amount }) => sum + amount, 0);
  const isTaxedOnTop = ctx.channel.pricesIncludeTax && !line.listPriceIncludesTax;
  const wanted = isTaxedOnTop ? netBelow(promised, line.taxRate) : promised;
  return (wanted - line.listPrice) * quantity - taken;
}

/** Return the highest net price whose price with tax is at most `gross`. */
function netBelow(gross, taxRate) {
  let net = Math.ceil(gross / (1 + taxRate / 100)) + 1;
  while (Math.round(net + net * (taxRate / 100)) > gross) net -= 1;
  return net;
}

/**
 * Whether a line is charged at exactly the promised price; less than a minor unit of each unit may be
 * missing where tax is added to the list price.
 */
export function isChargedAsPromised(ctx, line, promised) {
  const charged = shownPrice(ctx, line.proratedLinePriceWithTax, line.proratedLinePrice);
  const missing = promised * line.quantity - charged;
  const isTaxedOnTop = ctx.channel.pricesIncludeTax && !line.listPriceIncludesTax;
  return isTaxedOnTop ? missing >= 0 && missing <= line.quantity : missing === 0;
}
