// Money in JavaScript as the vectors say it, in BigInt throughout; a shop may copy it.

export const BP = 10000n;

/** The smallest integer at or above; numerator ≥ 0. */
export const divideUp = (numerator, denominator) => (numerator + denominator - 1n) / denominator;

/** The nearest integer, an exact tie down; numerator ≥ 0. */
export const divideToShopper = (numerator, denominator) =>
  (2n * numerator + denominator - 1n) / (2n * denominator);

export const discounted = (amount, bp) => divideToShopper(amount * (BP - bp), BP);
export const percentOff = (prior, offer) =>
  offer < prior ? (100n * (prior - offer)) / prior : 0n;
export const grossFromNet = (net, rateBp) => divideToShopper(net * (BP + rateBp), BP);
export const grossFloor = (net, rateBp) => divideUp(net * (BP + rateBp), BP);
export const costFloor = (cost, marginBp, rateBp) => divideUp(cost * (BP + rateBp), BP - marginBp);

/** The highest amount at or below with these last digits, or null. */
export function endingDown(amount, ending) {
  const modulus = 10n ** BigInt(String(ending).length);
  if (amount < ending) return null;
  return amount - ((amount - ending) % modulus);
}

/** `"19.9"`, EUR → 1990n; an Error whose message is syntax, decimals, range or currency. */
export function parse(text, currency, exponents) {
  if (!Object.hasOwn(exponents, currency)) throw new Error("currency");
  const found = /^(-?)(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,4}))?$/.exec(text);
  if (!found || text.endsWith("\n")) throw new Error("syntax");
  const [, sign, whole, decimals = ""] = found;
  if (decimals.length > exponents[currency]) throw new Error("decimals");
  const digits = BigInt(whole + decimals.padEnd(exponents[currency], "0"));
  if (sign && digits === 0n) throw new Error("syntax");
  const amount = sign ? -digits : digits;
  if (BigInt.asIntN(64, amount) !== amount) throw new Error("range");
  return amount;
}

/** 1990n, EUR → `19.90 EUR`. */
export function format(amount, currency, exponents) {
  const exponent = exponents[currency];
  const digits = String(amount < 0n ? -amount : amount).padStart(exponent + 1, "0");
  const cut = digits.length - exponent;
  const decimals = exponent ? `.${digits.slice(cut)}` : "";
  return `${amount < 0n ? "-" : ""}${digits.slice(0, cut)}${decimals} ${currency}`;
}

/** Largest remainder, ties by position. */
export function allocate(total, lines) {
  const whole = lines.reduce((sum, line) => sum + line, 0n);
  if (total < 0n || total > whole || lines.some((line) => line < 0n)) {
    throw new RangeError("cannot be allocated");
  }
  if (total === 0n) return lines.map(() => 0n);
  const shares = lines.map((line) => (total * line) / whole);
  const remainders = lines.map((line) => (total * line) % whole);
  const left = total - shares.reduce((sum, share) => sum + share, 0n);
  const order = lines.map((_, place) => place).sort((one, other) =>
    remainders[one] === remainders[other] ? one - other
      : remainders[one] > remainders[other] ? -1 : 1);
  for (const place of order.slice(0, Number(left))) shares[place] += 1n;
  return shares;
}
