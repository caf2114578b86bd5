/** Honours the offers of a Tactful server at a shop's checkout, exactly once. */

/** A public key of `node:crypto`. */
export interface PublicKey {
  readonly asymmetricKeyType?: string;
}

/** What a token promises. Amounts are minor units; instants are seconds since the Unix epoch, UTC. */
export interface OfferClaims {
  readonly offer: string;
  readonly sku: string;
  readonly territory: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** The price of one unit, or of one unit if nothing else is ordered where there is a `level`. */
  readonly unit: number;
  /** The most units at this price. */
  readonly max_qty: number;
  readonly iat: number;
  /** When the promise ends, unless the offer is held by then. */
  readonly exp: number;
  readonly rulebook: string;
  /** A keyed digest of the session or customer; only Tactful can compare it. */
  readonly holder: string;
  /** Absent: the promise is a price of the item. */
  readonly level?: 'order' | 'shipping';
  readonly at_most?: number;
  readonly percent_bp?: number;
  /** The least total of the order's items that the promise needs. */
  readonly min_order?: number;
}

/** An item as the platform sells it now, to the shopper of this cart. */
export interface CartItem {
  sku: string;
  territory: string;
  /** ISO 4217 code. */
  currency: string;
  /** The platform's own price of one unit, as the shopper sees it, in minor units. */
  unit: number;
}

/** Why an offer cannot be put into a cart. */
export type CartCode =
  | 'offer.level'
  | 'offer.item'
  | 'offer.territory'
  | 'offer.currency'
  | 'offer.quantity'
  | 'offer.in_cart'
  | 'offer.no_saving';

/** What one unit of a line costs, in minor units, and whether that is the offer's price. */
export interface LinePrice {
  unit: number;
  usesOffer: boolean;
}

export function reasonAgainst(
  claims: OfferClaims,
  item: CartItem,
  quantity: number,
  inCart: Iterable<string>,
): CartCode | null;
export function priceOf(claims: OfferClaims | null, item: CartItem, quantity: number): LinePrice;
export const MINOR_DIGITS: Readonly<Record<string, number>>;
export function digitsOf(currency: string): number;

export const AttemptState: {
  readonly ASKED: 'asked';
  readonly HELD: 'held';
  readonly REFUSED: 'refused';
  readonly CONFIRMING: 'confirming';
  readonly CONFIRMED: 'confirmed';
  readonly RELEASING: 'releasing';
  readonly RELEASED: 'released';
  readonly LAPSED: 'lapsed';
  readonly LOST: 'lost';
};
export type AttemptState = (typeof AttemptState)[keyof typeof AttemptState];
export const AttemptEvent: {
  readonly HOLD_ANSWERED: 'hold_answered';
  readonly HOLD_REFUSED: 'hold_refused';
  readonly PLACED: 'placed';
  readonly CONFIRM_ANSWERED: 'confirm_answered';
  readonly CONFIRM_REFUSED: 'confirm_refused';
  readonly ABANDONED: 'abandoned';
  readonly RELEASE_ANSWERED: 'release_answered';
  readonly EXPIRED: 'expired';
};
export type AttemptEvent = (typeof AttemptEvent)[keyof typeof AttemptEvent];
export const TRANSITIONS: Readonly<
  Record<AttemptState, Readonly<Partial<Record<AttemptEvent, AttemptState>>>>
>;
/** States in which neither an order nor its end is known. */
export const OPEN: readonly AttemptState[];
export function nextState(state: AttemptState, event: AttemptEvent): AttemptState;
export function after(attempt: Attempt, event: AttemptEvent): Attempt;

/** One attempt to pay for an order whose lines use offers. */
export interface Attempt {
  /** The platform's id of the order, which exists before the payment. */
  order: string;
  /** 1 for the first attempt of an order, at most 1,000. */
  number: number;
  state: AttemptState;
  /** The body with which the hold was asked for; empty when the attempt is not open any more. */
  request: object;
  /** When the hold ends, in milliseconds since the Unix epoch, UTC. */
  until: number;
}

export const EntryKind: {
  readonly CONFIRM: 'confirm';
  readonly CANCEL: 'cancel';
  readonly REFUND: 'refund';
  readonly FACTS: 'facts';
};
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** A request that must reach Tactful, whatever fails on the way. */
export interface OutboxEntry {
  kind: EntryKind;
  /** The order's id, or what the facts are about. Entries of a subject are sent in their order. */
  subject: string;
  /** The JSON body; empty for facts, which are read when they are sent. */
  body: object;
  /** The attempt that the answer concerns; 0: all attempts of the order, or none. */
  attempt: number;
  /** The key that the store gave it; 0: not stored. */
  id: number;
  tries: number;
}
export function outboxEntry(
  kind: EntryKind,
  subject: string,
  body?: object,
  attempt?: number,
): OutboxEntry;

/** Durable tables of the bridge; every method is one transaction, or a part of the caller's. */
export interface CheckoutStore {
  /** Return the attempt of an order with the highest number. */
  latestAttempt(order: string): Promise<Attempt | null>;
  /** Return all attempts whose state is in `OPEN`, the oldest first. */
  openAttempts(): Promise<Attempt[]>;
  /** Store an attempt, replacing the one of the same order and number, and add entries. */
  record(attempt: Attempt | null, ...entries: OutboxEntry[]): Promise<void>;
  /**
   * Return entries that are to be sent, the oldest first, and at most one for each subject.
   *
   * An entry is due if its time has come and no earlier entry of its subject is unfinished. With a
   * `subject`, only its entry is returned, whether or not its time has come. `now` is in
   * milliseconds since the Unix epoch, UTC.
   */
  due(now: number, limit: number, subject?: string): Promise<OutboxEntry[]>;
  /**
   * Mark an entry as finished, and store the attempt that its answer changed.
   *
   * With a `failure` Tactful refused it for good; the entry is then kept for a person to see.
   */
  finish(entry: OutboxEntry, attempt: Attempt | null, failure?: string): Promise<void>;
  /** Note that an entry could not be delivered, why, and when to send it again (ms, UTC). */
  postpone(entry: OutboxEntry, notBefore: number, failure: string): Promise<void>;
}

/** A store in memory, for tests and to read beside the port. */
export class MemoryStore implements CheckoutStore {
  attempts: Map<string, Attempt>;
  waiting: Map<number, { entry: OutboxEntry; notBefore: number }>;
  failed: { entry: OutboxEntry; failure: string }[];
  latestAttempt(order: string): Promise<Attempt | null>;
  openAttempts(): Promise<Attempt[]>;
  record(attempt: Attempt | null, ...entries: OutboxEntry[]): Promise<void>;
  due(now: number, limit: number, subject?: string): Promise<OutboxEntry[]>;
  finish(entry: OutboxEntry, attempt: Attempt | null, failure?: string): Promise<void>;
  postpone(entry: OutboxEntry, notBefore: number): Promise<void>;
}

/** A complete answer. */
export interface Response {
  status: number;
  body: string;
  /** Seconds that the server asks to wait (RFC 9110, section 10.2.3). */
  retryAfter?: number | null;
}

/** Sends one request and returns its answer, or throws `OutcomeUnknownError`. */
export interface Transport {
  send(method: string, path: string, body?: unknown): Promise<Response>;
}

/** Milliseconds for one request and its answer. */
export const TIMEOUT_MS: number;
export class HttpTransport implements Transport {
  constructor(url: string, serverKey: string, options?: { timeout?: number; fetch?: typeof fetch });
  send(method: string, path: string, body?: unknown): Promise<Response>;
}

export interface ClientOptions {
  /** Milliseconds after which a request with an unknown outcome is given up. */
  patience?: number;
  /** Returns milliseconds since the Unix epoch, UTC. */
  clock?: () => number;
  /** Waits for some milliseconds. */
  sleep?: (pause: number) => Promise<unknown>;
  /** Returns a number from 0 to 1, which shortens a pause by up to a half. */
  random?: () => number;
}

export const PATIENCE_MS: number;
export class TactfulClient {
  constructor(transport: Transport, options?: ClientOptions);
  redeem(body: object): Promise<Record<string, unknown>>;
  redemptions(filter: { order?: string; state?: string }): Promise<Record<string, unknown>[]>;
  report(
    facts: Iterable<object> | AsyncIterable<object>,
    options?: { patience?: number },
  ): Promise<{ index: number; code: string; message: string }[]>;
  ask(
    method: string,
    path: string,
    body?: unknown,
    options?: { patience?: number },
  ): Promise<Record<string, unknown>>;
}
/** Return the path of a step of an order: `confirm`, `cancel` or `refund`. */
export function pathOf(order: string, step: 'confirm' | 'cancel' | 'refund'): string;

/** Milliseconds after which keys are fetched again. */
export const MAX_AGE_MS: number;
/** Milliseconds between two fetches because of unknown keys. */
export const PAUSE_MS: number;
export class KeyCache {
  constructor(client: TactfulClient, clock?: () => number);
  /**
   * Return the claims of a valid token, or throw `TokenRefusedError` or `OutcomeUnknownError`.
   *
   * `at` is the instant (ms) at which the offer must not have ended; 0 where an order holds it.
   */
  verify(token: string, options?: { at?: number }): Promise<OfferClaims>;
}
/** Return the keys of a JWK Set (RFC 7517) by their `kid`, or throw `OutcomeUnknownError`. */
export function keysOf(document: unknown): Map<string, PublicKey>;
/** Return the claims of a token, or throw `TokenRefusedError`; `now` is in milliseconds. */
export function verify(token: string, keys: Map<string, PublicKey>, now: number): OfferClaims;

/** Reads the present state of the platform as facts. */
export interface FactReader {
  /** Return the facts about a subject, such as `product:17`, as they are now. */
  factsOf(
    subject: string,
  ): Promise<Iterable<object> | AsyncIterable<object>> | Iterable<object> | AsyncIterable<object>;
}
/** Reader of a platform that reports its facts in another way. */
export class NoFacts implements FactReader {
  factsOf(subject: string): object[];
}

/** Where the parts write what a person should read. */
export interface Log {
  error(message: string): void;
  warn(message: string): void;
}
export interface PartOptions {
  /** Returns milliseconds since the Unix epoch, UTC. */
  clock?: () => number;
  log?: Log;
}

export interface DeliveryReport {
  delivered: number;
  /** Entries that Tactful refused for good; the store keeps them with the reason. */
  failed: number;
  /** Entries that could not be delivered now. */
  waiting: number;
}
export const FIRST_WAIT_MS: number;
export const LONGEST_WAIT_MS: number;
export class Delivery {
  constructor(
    client: TactfulClient,
    store: CheckoutStore,
    facts?: FactReader,
    options?: PartOptions,
  );
  deliver(options?: { limit?: number; subject?: string }): Promise<DeliveryReport>;
  deliverAll(subject: string): Promise<boolean>;
}

/** A line of the order that uses an offer. */
export interface HoldLine {
  token: string;
  sku: string;
  qty: number;
  /** The price that is charged for one unit, in minor units: read back from the platform. */
  unit: number;
  /** ISO 4217 code. */
  currency: string;
  /** The platform's id of the line. */
  line?: string;
}
/** What an order needs to hold before its payment. */
export interface HoldRequest {
  /** The platform's id of the order; it must be unique and exist before the payment. */
  order: string;
  territory: string;
  /** At least one. */
  lines: HoldLine[];
  /** The id of the customer who is logged in, from the platform's own login; absent: nobody. */
  customer?: string;
  /** The shopper's Tactful session, if the page named it. */
  session?: string;
  /** Absent: `HOLD_S`. */
  seconds?: number;
}
/** The units that were returned of each line, or what was paid back where no lines are known. */
export interface Refunded {
  lines?: { sku: string; qty: number }[];
  /** Minor units. */
  amount?: { amount: number; currency: string };
}

export const HOLD_S: number;
export function bodyOf(request: HoldRequest, number: number): object;
export function untilOf(answer: object, otherwise: number): number;
export class Checkout {
  constructor(
    client: TactfulClient,
    store: CheckoutStore,
    delivery: Delivery,
    options?: PartOptions,
  );
  /** Hold the offers of an order before its payment, or throw; then nothing may be charged. */
  hold(request: HoldRequest): Promise<Attempt>;
  /** Note that an order was placed, in the transaction of the platform that places it. */
  placed(order: string, facts: { usesOffers: boolean }): Promise<void>;
  /** Abandon the open attempt of an order: its payment failed, or the shopper went back. */
  release(order: string): Promise<void>;
  /** Give back everything that a cancelled order used. */
  cancel(order: string): Promise<void>;
  /** Report a refund; a repetition under the same id changes nothing. */
  refund(order: string, refund: string, what: Refunded): Promise<void>;
}

export const OrderState: {
  readonly PLACED: 'placed';
  readonly CANCELLED: 'cancelled';
  readonly PENDING: 'pending';
  readonly ABANDONED: 'abandoned';
  readonly UNKNOWN: 'unknown';
};
export type OrderState = (typeof OrderState)[keyof typeof OrderState];
/** Reads the platform's orders. */
export interface PlatformOrders {
  /** Return the state of an order or a cart under payment. */
  stateOf(order: string): Promise<OrderState>;
  /** Return whether a line of a placed order has the price of an offer. */
  usesOffers(order: string): Promise<boolean>;
}
/** What one sweep found and did. */
export interface SweepReport {
  confirmed: number;
  released: number;
  lapsed: number;
  /** Holds at Tactful that the platform's tables lacked. */
  strays: number;
  /** Why Tactful's holds could not be compared; empty: they were. */
  failure: string;
  delivery: DeliveryReport;
}
/** Milliseconds for which a hold that the tables lack is left alone. */
export const YOUNG_MS: number;
export class Sweep {
  constructor(
    checkout: Checkout,
    client: TactfulClient,
    store: CheckoutStore,
    delivery: Delivery,
    orders: PlatformOrders,
    options?: PartOptions,
  );
  run(): Promise<SweepReport>;
}

/** Return a JWT (RFC 7519, HS256) for `tactful('identify', …)`; `now` is in seconds. */
export function signIdentity(
  secret: string,
  customer: string,
  now: number,
  options?: { life?: number; group?: string },
): string;

/** Return an identity for `tactful('identify', …)`, signed with the key of a pairing; `now` is in seconds. */
export function signCustomer(
  key: string,
  customer: string,
  now: number,
  options?: { life?: number },
): { customer: string; expires: number; hmac: string };

/** What a shop needs to know of its Tactful server. */
export interface Pairing {
  /** The server's address. */
  url: string;
  /** The shop's own key. The server cannot show it again, so store it. */
  key: string;
  /** The id by which the operator of the server revokes the key. */
  keyId: string;
  /** Signs customers for the widget; empty: the server takes no identities. */
  identityKey: string;
  /** The server's default territory; empty: it has none. */
  territory: string;
  /** Whether the shop's pages may open sessions; `null`: the shop named no origin. */
  isOriginAllowed: boolean | null;
}
/** Use a code of `tactful keys pair`; throws `TypeError`, `RefusedError` or `OutcomeUnknownError`. */
export function pair(
  code: string,
  options?: { shop?: string; connect?: (url: string, key: string) => Transport },
): Promise<Pairing>;

/** The common base of the library's exceptions. */
export class BridgeError extends Error {}
/** A text is no offer token, or its offer has ended. */
export class TokenRefusedError extends BridgeError {
  constructor(code: string);
  readonly code: 'token.malformed' | 'token.key' | 'token.signature' | 'token.expired';
}
/** Tactful refused a request, and would refuse it again. */
export class RefusedError extends BridgeError {
  constructor(status: number, code: string, detail?: string);
  readonly status: number;
  readonly code: string;
  readonly isAboutTheKey: boolean;
}
/** A request may have had its effect; the same request must be repeated until that is known. */
export class OutcomeUnknownError extends BridgeError {}
