// Example shop that accepts Tactful's offers: verify offline, redeem once, retry, cancel, refund.
//
// Only Node's standard library. Run it with
//
//     TACTFUL_URL=http://127.0.0.1:8000 TACTFUL_SERVER_KEY=... node shop.mjs
//
// Orders are kept in memory; a real shop keeps them in its database. Everything else can be copied as it is.

import { createPublicKey, verify as signatureHolds } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as pauseFor } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";

const PRICES = {
  "RUN-42 DE": { amount: 12900, currency: "EUR" },
  "RUN-42 GB": { amount: 11500, currency: "GBP" },
  "TRAIL-42 DE": { amount: 13900, currency: "EUR" },
  "SOCK-3 DE": { amount: 1990, currency: "EUR" },
};
const PAUSES = [50, 200, 800]; // ms between attempts while the outcome is unknown
const REFUSALS = new Set([401, 404, 409, 410, 422]);

/** The offer or the order is refused; `code` says why, `status` is the HTTP status. */
export class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** The outcome of a request is unknown: it may have had its effect. Only repeating it can tell. */
class Unknown extends Error {}

// -- The token: a compact JWS, EdDSA over Ed25519 ----------------------------------------------------

const CLAIMS = {
  currency: "string", exp: "number", holder: "string", iat: "number", max_qty: "number",
  offer: "string", rulebook: "string", sku: "string", territory: "string", unit: "number",
};
const BOUNDS = { at_most: "number", level: "string", percent_bp: "number" }; // only with a `level`
const LEVELS = ["item", "order", "shipping"]; // the sequence in which offers come off
const COMPACT = /^([\w-]{1,512})\.([\w-]{1,3400})\.([\w-]{86})$/;

const encoded = (bytes) => Buffer.from(bytes).toString("base64url");
/** The same claims by name, which is how Tactful writes them. */
const sorted = (claims) => Object.fromEntries(Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1)));
const headerOf = (kid) => encoded(JSON.stringify({ alg: "EdDSA", kid, typ: "offer+jwt" }));

/** Header → public key: a key has one header, so none is ever parsed, and none can surprise. */
export const keysOf = (jwks) =>
  new Map(jwks.keys.map((jwk) => [headerOf(jwk.kid), createPublicKey({ key: jwk, format: "jwk" })]));

/** The claims of a token that one of the keys signed; throws Refused otherwise. `now` in seconds. */
export function verify(token, keys, now) {
  const found = String(token).endsWith("\n") ? null : COMPACT.exec(token);
  if (!found || encoded(Buffer.from(found[3], "base64url")) !== found[3]) {
    throw new Refused(401, "token.malformed");
  }
  const [, header, payload, signature] = found;
  const key = keys.get(header);
  if (!key) throw new Refused(401, "token.key");
  const signed = Buffer.from(`${header}.${payload}`);
  if (!signatureHolds(null, signed, key, Buffer.from(signature, "base64url"))) {
    throw new Refused(401, "token.signature");
  }
  const claims = claimsIn(payload);
  if (now >= claims.exp) throw new Refused(410, "token.expired");
  return claims;
}

/** The claims, spelt as Tactful spells them. Claims of a later version are kept and not judged. */
function claimsIn(payload) {
  let claims;
  try {
    claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    throw new Refused(401, "token.malformed");
  }
  const fits = ([name, type]) => typeof claims?.[name] === type;
  const right = Object.entries(CLAIMS).every(fits) && claims.unit >= 0
    && Object.entries(BOUNDS).every(([name, type]) => !(name in claims) || fits([name, type]))
    && LEVELS.indexOf(claims.level ?? "order") > 0;
  if (!right || encoded(JSON.stringify(sorted(claims))) !== payload) {
    throw new Refused(401, "token.malformed");
  }
  return claims;
}

// -- Tactful -----------------------------------------------------------------------------------------

/** What the shop asks of Tactful. */
class Tactful {
  constructor(url, key) {
    this.url = url.replace(/\/$/, "");
    this.key = key;
    this.keys = new Map();
  }

  /** The claims of a genuine token. An unknown key may be a new one: fetch the keys, try again. */
  async claimsOf(token) {
    try {
      return verify(token, this.keys, Date.now() / 1000);
    } catch (refused) {
      if (refused.code !== "token.key") throw refused;
    }
    this.keys = keysOf((await this.ask("GET", "/.well-known/jwks.json")).answer);
    return verify(token, this.keys, Date.now() / 1000);
  }

  /** Ask until the answer is known. The order's id is in the question, so it happens once. */
  async insist(path, body) {
    for (const pause of [...PAUSES, null]) {
      try {
        const { status, answer } = await this.ask("POST", path, body);
        if (status !== 200) throw new Refused(status, answer.code ?? "unclear");
        return answer;
      } catch (problem) {
        if (!(problem instanceof Unknown) || pause === null) throw problem;
        await pauseFor(pause);
      }
    }
    throw new Error("unreachable");
  }

  /** { status, answer } of one attempt; throws Unknown where there is none, or none to rely on. */
  async ask(method, path, body) {
    let response;
    let answer;
    try {
      response = await fetch(this.url + path, {
        method,
        headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      });
      answer = await response.json();
    } catch (problem) {
      throw new Unknown(String(problem));
    }
    if (response.status !== 200 && !REFUSALS.has(response.status)) {
      throw new Unknown(String(response.status));
    }
    return { status: response.status, answer };
  }
}

// -- The shop ----------------------------------------------------------------------------------------

/** A line at the public price. */
function priced({ sku, qty }, territory) {
  const unit = PRICES[`${sku} ${territory}`];
  if (!unit || !Number.isSafeInteger(qty) || qty < 1) throw new Refused(422, "order.line");
  return { sku, qty, unit };
}

/** What was paid for one piece, rounded down where pieces do not share a total evenly. */
const paidForOne = ({ paid, unit, qty }) => (paid ? { ...paid, amount: Math.floor(paid.amount / qty) } : unit);

/**
 * Orders: id → { status, asked, lines, shipping, refunds }, and `offers`: what it uses.
 * An order is "pending" until it is placed. One that stays so has to be settled by asking again.
 */
class Shop {
  constructor(tactful) {
    this.tactful = tactful;
    this.orders = new Map();
    this.unreported = [];
  }

  /** Place an order. Repeating it is safe, and is how a pending one is settled. */
  async place(asked) {
    const name = asked.order;
    const lines = asked.lines.map((line) => priced(line, asked.territory));
    if (!this.orders.has(name)) {
      const { shipping } = asked;
      this.orders.set(name, { status: "pending", asked, lines, shipping, refunds: new Map() });
    }
    const order = this.orders.get(name);
    if (!isDeepStrictEqual(order.asked, asked)) throw new Refused(409, "order.changed");
    if (order.status !== "pending") return [200, this.shown(name)];
    try {
      await this.settle(name, order);
    } catch (problem) {
      if (problem instanceof Unknown) return [202, { order: name, status: "pending" }];
      await this.giveUp(name, order);
      throw problem;
    }
    await this.report(name);
    return [201, this.shown(name)];
  }

  /**
   * Report the state of an order, with the shopper's session. What does not get through is sent with the
   * next report, and a real shop keeps it in its database.
   */
  async report(name) {
    const facts = [...this.unreported, this.fact(name)];
    this.unreported = [];
    try {
      const { status, answer } = await this.tactful.ask("POST", "/v1/facts", facts);
      if (status !== 200 || answer.rejected.length) console.error("Tactful refused a report:", answer);
    } catch (problem) {
      if (!(problem instanceof Unknown)) throw problem;
      this.unreported.push(...facts);
    }
  }

  /** What Tactful is told of an order. */
  fact(name) {
    const { asked, lines, offers, status, placed_at } = this.orders.get(name);
    const { territory, customer, session } = asked;
    const reported = lines.map((line) => ({
      sku: line.sku, qty: line.qty, unit: paidForOne(line), offer: offers.find((one) => one.line === line)?.id,
    }));
    return { type: "order", order: name, territory, customer, session, placed_at, status, lines: reported };
  }

  /** Use the offers, if there are any, and place the order. */
  async settle(name, order) {
    const { tokens = [], territory, customer } = order.asked;
    if (!order.offers) {
      // Kept before asking: once Tactful was asked, a token may be used, and even ended.
      const offers = [];
      for (const token of tokens) {
        offers.push(this.offered(token, await this.tactful.claimsOf(token), order));
      }
      order.offers = offers.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
    }
    for (const offer of order.offers) {
      // On the result of the one before: what a line costs by now stands in it.
      const lines = (offer.line ? [offer.line] : order.lines).map(({ sku, qty, unit }) =>
        offer.level === "item" ? { sku, qty } : { sku, qty, unit });
      const shipping = offer.level === "shipping" ? order.asked.shipping : undefined;
      // A customer's offer is redeemed for that customer alone.
      const body = { token: offer.token, order: name, territory, lines, shipping, customer };
      this.charge(order, offer, await this.tactful.insist("/v1/redemptions", body));
    }
    order.status = "placed";
    order.placed_at = new Date().toISOString();
  }

  /** Take the answer's amounts, not the token's: where a price fell since, the lower is charged. */
  charge(order, offer, answer) {
    offer.used = true;
    if (offer.level === "item") offer.line.unit = answer.unit;
    else if (offer.level === "shipping") order.shipping = answer.unit;
    else order.lines.forEach((line, place) => { line.paid = answer.lines[place].paid; });
  }

  /** An offer was refused. What the order used before it is given back; an id is not used again. */
  async giveUp(name, order) {
    if (order.offers?.some((offer) => offer.used)) {
      await this.tactful.insist(`/v1/redemptions/${encodeURIComponent(name)}/cancel`, {});
      order.status = "cancelled";
    } else {
      this.orders.delete(name); // the shopper may order again, at the public price
    }
  }

  /** What a token is for; throws Refused where the order has no such thing. */
  offered(token, claims, order) {
    const level = claims.level ?? "item";
    const line = level === "item" ? order.lines.find(({ sku }) => sku === claims.sku) : null;
    if (line === undefined) throw new Refused(422, "redemption.sku");
    if (level === "shipping" && !order.shipping) throw new Refused(422, "redemption.shipping");
    if (claims.currency !== order.lines[0].unit.currency) throw new Refused(422, "redemption.sku");
    if (order.asked.territory !== claims.territory) throw new Refused(422, "redemption.territory");
    if (line && line.qty > claims.max_qty) throw new Refused(422, "redemption.quantity");
    return { id: claims.offer, token, level, line };
  }

  /** Cancel an order before it is shipped; the shopper gets the offer back while it holds. */
  async cancel(name) {
    const order = await this.settled(name);
    if (order.status === "placed" && order.offers.length) {
      await this.tactful.insist(`/v1/redemptions/${encodeURIComponent(name)}/cancel`, {});
    }
    const wasPlaced = order.status === "placed";
    order.status = "cancelled";
    if (wasPlaced) await this.report(name);
    return [200, this.shown(name)];
  }

  /** Give money back for returned pieces: what was paid for them, not what they usually cost. */
  async refund(name, { refund, lines }) {
    const order = await this.settled(name);
    if (order.status === "cancelled") throw new Refused(409, "order.cancelled");
    this.checkRefund(order, refund, lines);
    order.refunds.set(refund, lines);
    const covered = new Set([
      ...order.lines.filter((line) => line.paid).map(({ sku }) => sku),
      ...order.offers.filter(({ line }) => line).map(({ line }) => line.sku),
    ]);
    const units = new Map(order.lines.map((line) => [line.sku, line.unit.amount]));
    let amount = lines.filter(({ sku }) => !covered.has(sku))
      .reduce((sum, line) => sum + units.get(line.sku) * line.qty, 0);
    const ofTheOffers = lines.filter(({ sku }) => covered.has(sku));
    if (ofTheOffers.length) {
      const path = `/v1/redemptions/${encodeURIComponent(name)}/refund`;
      const given = await this.tactful.insist(path, { refund, lines: ofTheOffers });
      amount += given.amount.amount;
    }
    return [200, { refund, amount: { amount, currency: order.lines[0].unit.currency } }];
  }

  /** Throws Refused if the id was used for something else, or more comes back than was bought. */
  checkRefund(order, refund, lines) {
    if (!isDeepStrictEqual(order.refunds.get(refund) ?? lines, lines)) {
      throw new Refused(409, "refund.changed");
    }
    const left = new Map(order.lines.map((line) => [line.sku, line.qty]));
    for (const { sku, qty } of [...new Map([...order.refunds, [refund, lines]]).values()].flat()) {
      left.set(sku, (left.get(sku) ?? 0) - qty);
      if (!(qty >= 1 && left.get(sku) >= 0)) throw new Refused(422, "refund.quantity");
    }
  }

  /** An order of which it is known whether it took place. */
  async settled(name) {
    const order = this.orders.get(name);
    if (!order) throw new Refused(404, "order.unknown");
    if (order.status === "pending") await this.settle(name, order);
    return order;
  }

  /** What the shopper sees of an order. */
  shown(name) {
    const { status, lines, shipping } = this.orders.get(name);
    const paid = ({ paid, unit, qty }) => paid?.amount ?? unit.amount * qty;
    const amount = lines.reduce((sum, line) => sum + paid(line), shipping?.amount ?? 0);
    const total = { amount, currency: lines[0].unit.currency };
    return { order: name, status, lines, ...(shipping && { shipping }), total };
  }
}

/** POST /orders, /orders/{id}/cancel and /orders/{id}/refunds. */
async function answer(shop, path, body) {
  try {
    const asked = JSON.parse(body || "{}");
    if (path === "/orders") return await shop.place(asked);
    const found = /^\/orders\/([^/]+)\/(cancel|refunds)$/.exec(path);
    if (!found) return [404, { code: "path" }];
    const name = decodeURIComponent(found[1]);
    return await (found[2] === "cancel" ? shop.cancel(name) : shop.refund(name, asked));
  } catch (problem) {
    if (problem instanceof Refused) return [problem.status, { code: problem.code }];
    if (problem instanceof Unknown) return [503, { code: "unknown" }];
    if (problem instanceof SyntaxError || problem instanceof TypeError) return [400, { code: "request" }];
    throw problem;
  }
}

function main() {
  const shop = new Shop(new Tactful(process.env.TACTFUL_URL, process.env.TACTFUL_SERVER_KEY));
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const [status, body] = await answer(shop, request.url, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () =>
    console.log(`shop on http://127.0.0.1:${server.address().port}`));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
