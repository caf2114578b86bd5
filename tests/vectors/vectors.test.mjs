// The same cases as the Python tests, against an implementation that shares no line with them.
// Run: node --test tests/vectors/

import assert from "node:assert/strict";
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as money from "./money.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const big = (value) => (value === null || value === undefined ? value : BigInt(value));
const each = (name, cases, check) =>
  test(name, () => {
    assert.ok(cases.length > 0);
    for (const it of cases) check(it, JSON.stringify(it));
  });

// Money

const cases = read("money.json");

each("a discount is rounded once, a tie goes to the shopper", cases.discounted, (it, note) =>
  assert.equal(money.discounted(big(it.list), big(it.bp)), big(it.unit), note));
each("a displayed percentage is the floor", cases.percent_off, (it, note) =>
  assert.equal(money.percentOff(big(it.prior), big(it.offer)), big(it.percent), note));
each("tax is added to the nearest minor unit", cases.gross_from_net, (it, note) =>
  assert.equal(money.grossFromNet(big(it.net), big(it.rate_bp)), big(it.gross), note));
each("a net floor has a smallest gross price", cases.gross_floor, (it, note) =>
  assert.equal(money.grossFloor(big(it.floor_net), big(it.rate_bp)), big(it.smallest), note));
each("a cost with a margin has a smallest price", cases.cost_floor, (it, note) =>
  assert.equal(
    money.costFloor(big(it.cost), big(it.margin_bp), big(it.rate_bp)), big(it.smallest), note));
each("an ending is taken downwards", cases.ending_down, (it, note) =>
  assert.equal(money.endingDown(big(it.amount), big(it.ending)), big(it.ended), note));
each("an amount is read", cases.parse, (it, note) =>
  assert.equal(money.parse(it.text, it.currency, cases.exponents), big(it.amount), note));
each("what is no amount is refused", cases.parse_errors, (it, note) =>
  assert.throws(
    () => money.parse(it.text, it.currency, cases.exponents), { message: it.problem }, note));
each("an amount is written plainly", cases.format, (it, note) =>
  assert.equal(money.format(big(it.amount), it.currency, cases.exponents), it.text, note));

// Allocation

const allocation = read("allocation.json");

each("an amount is allocated by largest remainder", allocation.allocate, (it, note) =>
  assert.deepEqual(money.allocate(big(it.total), it.over.map(big)), it.shares.map(big), note));
each("an amount that does not fit is refused", allocation.refused, (it, note) =>
  assert.throws(() => money.allocate(big(it.total), it.over.map(big)), RangeError, note));

function off({ at_most, percent_bp }, amount) {
  const share = percent_bp === undefined ? amount
    : amount - money.discounted(amount, big(percent_bp));
  return [share, big(at_most), amount].reduce((one, other) => (one < other ? one : other));
}

each("so much comes off an order, or its shipping", allocation.off, (it, note) =>
  assert.equal(off(it.deduction, big(it.amount)), big(it.takes), note));

function deduct({ lines, shipping, deductions }) {
  const units = lines.map(([unit]) => big(unit));
  const paid = () => lines.map(([, quantity], place) => units[place] * big(quantity));
  let [left, charge] = [paid(), big(shipping)];
  const taken = deductions.map((it) => {
    if (it.level === "item") {
      const each_off = off({ at_most: lines[it.line][0], ...it }, units[it.line]);
      units[it.line] -= each_off;
      left = paid();
      return each_off * big(lines[it.line][1]);
    }
    if (it.level === "order") {
      const total = off(it, left.reduce((sum, line) => sum + line, 0n));
      const shares = money.allocate(total, left);
      left = left.map((line, place) => line - shares[place]);
      return total;
    }
    const part = off(it, charge);
    charge -= part;
    return part;
  });
  return { paid: left, charge, taken };
}

each("deductions come off, each on the result of the last", allocation.deduct, (it, note) => {
  const found = deduct(it);
  assert.deepEqual(found.paid, it.paid.map(big), note);
  assert.equal(found.charge, big(it.shipping_paid), note);
  assert.deepEqual(found.taken, it.taken.map(big), note);
});

const names = (one, other) => (allocation.stacks_with[one] ?? []).includes(other);

each("only rules that name each other stack", allocation.may_stack, ({ rules: [one, other], may }, note) =>
  assert.equal(names(one, other) && names(other, one), may, note));

// Prices

function askedPrice(terms, price, step) {
  if (terms.mode === "percent") return money.discounted(big(price.amount), big(terms.percent_bp));
  if (terms.mode === "to_target") return big(price.target) ?? null;
  if (terms.mode === "ladder") {
    const asked = terms.ladder.slice(0, step + 1).map((rung) => askedPrice(rung, price, 0));
    if (asked.includes(null)) return null;
    return asked.reduce((low, it) => (it < low ? it : low));
  }
  const named = big(terms.amounts?.[price.currency]) ?? null;
  if (named === null || terms.mode === "fixed") return named;
  return big(price.amount) - named;
}

function floorOf(terms, price, options) {
  const bounds = [["smallest_unit", 1n]];
  const margin = terms.margin_bp ?? options.min_margin_bp ?? 0;
  if (price.cost !== undefined) {
    bounds.push(["cost", money.costFloor(big(price.cost), big(margin), big(price.tax_rate_bp ?? 0))]);
  }
  if (price.minimum_advertised) bounds.push(["minimum_advertised", big(price.minimum_advertised)]);
  if (price.target && !terms.may_undercut_target) bounds.push(["target", big(price.target)]);
  if (terms.minimum?.[price.currency]) bounds.push(["rule", big(terms.minimum[price.currency])]);
  const limit = money.BP - big(options.max_total_discount_bp ?? 10000);
  bounds.push(["max_total_discount", money.divideUp(big(price.list ?? price.amount) * limit, money.BP)]);
  return bounds.reduce((high, it) => (it[1] > high[1] ? it : high));
}

const refusal = (reason, actual = null, needed = null, floor_kind = null) =>
  ({ reason, actual, needed, floor_kind });

function quote(terms, price, options) {
  if (!terms.level || !price) return itemQuote(terms, price, options);
  const bound = (terms.mode === "percent" ? terms.at_most : terms.amounts)[price.currency];
  if (bound === undefined) return refusal("price.missing");
  const [base, saved] = [big(price.amount), big(bound)];
  if (terms.level === "shipping") {
    return { unit: base, saved, asked: base, clamped: false, floor: 0n, floor_kind: "rule" };
  }
  const alone = base - off({ at_most: bound, percent_bp: terms.percent_bp }, base);
  const fixed = { ...terms, mode: "fixed", amounts: { [price.currency]: Number(alone) } };
  const found = itemQuote(fixed, price, options);
  return found.reason ? found : { ...found, saved };
}

function itemQuote(terms, price, options) {
  if (!price || (terms.margin_bp !== undefined && price.cost === undefined)) {
    return refusal("price.missing");
  }
  const base = big(price.amount);
  if (terms.mode === "gift") {
    return { unit: 0n, saved: base, asked: 0n, clamped: false, floor: 0n, floor_kind: "rule" };
  }
  const asked = askedPrice(terms, price, options.step ?? 0);
  if (asked === null) return refusal("price.missing");
  const [floor_kind, floor] = floorOf(terms, price, options);
  if (asked <= 0n && floor <= 1n) return refusal("price.zero", asked, 1n);
  const clamped = asked < floor;
  if (clamped && terms.on_floor === "withhold") {
    return refusal("price.floor", asked, floor, floor_kind);
  }
  let unit = clamped ? floor : asked;
  if (!clamped && terms.ending !== undefined) {
    const ended = money.endingDown(asked, big(terms.ending));
    if (ended !== null && ended >= floor) unit = ended;
  }
  const share = money.divideUp(base * big(terms.min_saving_bp ?? 0), money.BP);
  const saving = [1n, big(terms.min_saving?.[price.currency] ?? 0), share]
    .reduce((high, it) => (it > high ? it : high));
  if (unit > base - saving) {
    return clamped ? refusal("price.floor", base - saving, unit, floor_kind)
      : refusal("price.no_improvement", unit, base - saving);
  }
  return { unit, saved: base - unit, asked, clamped, floor, floor_kind };
}

each("a price is the one of the vectors", read("pricing.json").quotes, (it) => {
  const found = quote(it.terms, it.price, it.options ?? {});
  const plain = Object.fromEntries(
    Object.entries(found).map(([key, value]) => [key, typeof value === "bigint" ? Number(value) : value]));
  assert.deepEqual(plain, it.want, it.name);
});

// Time: an obviously right reading by walking over the minutes, with the zones of this machine

const calendar = read("calendar.json");
const MINUTE = 60_000;
const clocks = new Map();

function wall(at, zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-CA", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  const part = Object.fromEntries(
    clocks.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}

function localInstant(text, zone, end) {
  const dateOnly = text.length === 10;
  const seconds = text.length === 19 ? Number(text.slice(17)) * 1000 : 0;
  const minute = dateOnly ? `${text} 00:00` : text.slice(0, 16);
  const around = Date.parse(`${minute.replace(" ", "T")}:00Z`);
  let first = null;
  let last = null;
  let after = null;
  for (let at = around - 40 * 60 * MINUTE; at <= around + 64 * 60 * MINUTE; at += MINUTE) {
    const shown = wall(at, zone).slice(0, dateOnly ? 10 : 16);
    const wanted = dateOnly ? text : minute;
    if (shown === wanted) {
      first ??= at;
      last = at;
    }
    if (shown > wanted) after ??= at;
  }
  if (first === null) return after;
  if (dateOnly) return end ? last + MINUTE : first;
  return (end ? last : first) + seconds;
}

each("a local time starts and ends at its instants", calendar.instants, (it, note) => {
  assert.equal(localInstant(it.local, it.zone, false), Date.parse(it.start), note);
  assert.equal(localInstant(it.local, it.zone, true), Date.parse(it.end), note);
});

each("a period runs from local midnight to local midnight", calendar.periods, (it, note) => {
  if (it.bounds === null) return;
  const [start, end] = it.bounds.map((bound) => Date.parse(bound));
  const at = Date.parse(it.at);
  assert.ok(start <= at && at < end, note);
  assert.equal(wall(start, it.zone).slice(11), "00:00:00", note);
  assert.equal(wall(end, it.zone).slice(11), "00:00:00", note);
  const size = it.key.length === 7 ? 7 : 10;
  if (it.period !== "week") assert.equal(wall(at, it.zone).slice(0, size), it.key, note);
});

each("a written time is read", calendar.rfc3339, (it, note) =>
  assert.equal(Math.floor(Date.parse(it.text.toUpperCase())), it.ms, note));

// Tokens

const tokens = read("tokens.json");
const TOKEN = /^([\w-]{1,512})\.([\w-]{1,3400})\.([\w-]{86})$/;
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");

const keys = new Map(tokens.jwks.keys.map((jwk) => [
  b64(JSON.stringify({ alg: "EdDSA", kid: jwk.kid, typ: "offer+jwt" })),
  createPublicKey({ key: jwk, format: "jwk" }),
]));

function canonical(payload) {
  const bounds = { at_most: 0, level: "", min_order: 0, percent_bp: 0 };
  const all = { ...tokens.claims, ...bounds };
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const right = Object.keys(all).every((name) =>
      typeof claims[name] === typeof all[name] || (name in bounds && !(name in claims)))
      && claims.unit >= 0 && ["order", "shipping"].includes(claims.level ?? "order");
    return right && b64(JSON.stringify(claims, Object.keys(claims).sort())) === payload ? claims : null;
  } catch {
    return null;
  }
}

function judge(token, now) {
  const found = token.endsWith("\n") ? null : TOKEN.exec(token);
  if (!found || b64(Buffer.from(found[3], "base64url")) !== found[3]) return "token.malformed";
  const [, header, payload, signature] = found;
  const key = keys.get(header);
  if (!key) return "token.key";
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify(null, signed, key, Buffer.from(signature, "base64url"))) return "token.signature";
  const claims = canonical(payload);
  if (!claims) return "token.malformed";
  return now >= claims.exp * 1000 ? "token.expired" : "ok";
}

each("a token is accepted or refused", tokens.tokens, (it) =>
  assert.equal(judge(it.token, it.now), it.want, it.name));

each("a kid is the thumbprint of its key", tokens.jwks.keys, (it, note) => {
  const thumbprint = JSON.stringify({ crv: it.crv, kty: it.kty, x: it.x });
  assert.equal(b64(createHash("sha256").update(thumbprint).digest()), it.kid, note);
});

each("a holder is a keyed digest", tokens.holders, (it, note) => {
  const digest = createHmac("sha256", Buffer.from(it.secret, "hex")).update(`${it.kind}:${it.id}`);
  assert.equal(b64(digest.digest().subarray(0, 16)), it.holder, note);
});
