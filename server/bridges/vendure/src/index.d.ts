/** Lets a Vendure shop sell at the offers of a Tactful server. */

import type { CheckoutStore, SweepReport } from '@tactful/checkout';
import type { RequestContext, TransactionalConnection, Type, VendureEvent } from '@vendure/core';

/** What a shop says about its Tactful server. */
export interface TactfulOptions {
  /** The server's address, as the shop's own server reaches it. Default: `TACTFUL_URL`. */
  url?: string;
  /** The server key, or a token with the scopes `redeem` and `facts:write`. Default: `TACTFUL_SERVER_KEY`. */
  serverKey?: string;
  /** ISO 3166 codes, the default first; or such a list by the code of the channel, `*` for all others. */
  territories: string[] | Record<string, string[]>;
  /** The server's address, as browsers reach it. Default: `TACTFUL_WIDGET_URL`, else `url`. */
  widgetUrl?: string;
  /** Signs who is logged in. Default: `TACTFUL_IDENTITY_SECRET`, else the widget knows no customers. */
  identityKey?: string;
  identitySecret?: string;
  /** The widget's setting `consent`. Default: `auto`. */
  consent?: string;
  /** Seconds for which an offer is held during a payment, 30 to 86,400. Default: 1,800. */
  holdSeconds?: number;
  /** Code of the facet whose values are the categories. Default: `category`. */
  categoryFacet?: string;
  /** Code of the facet whose value is the brand. Default: `brand`. */
  brandFacet?: string;
  /** Address of a product's page, with `{slug}` and `{sku}`. Default: none is reported. */
  productUrl?: string;
}
export type ResolvedOptions = Required<Omit<TactfulOptions, 'territories'>> & {
  territories: Record<string, string[]>;
};
/** A mistake in the options; the shop does not start with it. */
export class TactfulOptionsError extends Error {}

export class TactfulPlugin {
  /** Return the plugin with its options, or throw `TactfulOptionsError`. */
  static init(options: TactfulOptions): Type<TactfulPlugin>;
  onApplicationBootstrap(): Promise<void>;
  onApplicationShutdown(): Promise<void>;
}

/** Everything that belongs to one Tactful server; `app.get(TactfulBridge)`. */
export class TactfulBridge {
  /** Report all products, prices and stock, and the orders of the last days (180). */
  backfill(options?: { days?: number }): Promise<void>;
  /** Compare all holds with the shop's orders, and send what is due. */
  sweep(): Promise<SweepReport>;
  /** Write that facts about a subject, such as `variant:17`, have changed. */
  reportFacts(ctx: RequestContext, subject: string): Promise<void>;
}

/** Something was written into the outbox; its subscribers are called after the commit. */
export class TactfulOutboxEvent extends VendureEvent {
  ctx: RequestContext;
  subject: string;
}

/** One attempt to pay for an order whose lines use offers. */
export class TactfulAttempt {
  id: number;
  order: string;
  number: number;
  state: string;
  request: object;
  until: number;
}
/** A request that must reach Tactful; the row of a request that was answered is deleted. */
export class TactfulOutboxRow {
  id: number;
  kind: string;
  subject: string;
  attempt: number;
  body: object;
  tries: number;
  notBefore: number;
  failure: string | null;
  refused: boolean;
}
export class VendureStore implements CheckoutStore {
  constructor(connection: TransactionalConnection, ctx: RequestContext);
  latestAttempt: CheckoutStore['latestAttempt'];
  openAttempts: CheckoutStore['openAttempts'];
  record: CheckoutStore['record'];
  due: CheckoutStore['due'];
  finish: CheckoutStore['finish'];
  postpone: CheckoutStore['postpone'];
}
