/** Tables of the bridge in the shop's own database, and the custom fields of orders. */

import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One attempt to pay for an order whose lines use offers. */
export class TactfulAttempt {}

/** A request that must reach Tactful; the row of a request that was answered is deleted. */
export class TactfulOutboxRow {}

/** Milliseconds since the Unix epoch, which some drivers return as text. */
const INSTANT = { type: 'bigint', default: 0, transformer: { to: (at) => at, from: Number } };
const COUNT = { type: 'int', default: 0 };
const NAME = { type: 'varchar', length: 191 };
const JSON_TEXT = { type: 'simple-json' };

declare(TactfulAttempt, 'tactful_attempt', ['order', 'number'], {
  order: NAME,
  number: COUNT,
  state: { type: 'varchar', length: 16 },
  request: JSON_TEXT,
  until: INSTANT,
});
declare(TactfulOutboxRow, 'tactful_outbox_row', ['refused', 'notBefore'], {
  kind: { type: 'varchar', length: 16 },
  subject: NAME,
  attempt: COUNT,
  body: JSON_TEXT,
  tries: COUNT,
  notBefore: INSTANT,
  failure: { type: 'text', nullable: true },
  refused: { type: 'boolean', default: false },
});

/** Decorate a class as TypeScript would; its key is a number that grows. */
function declare(target, table, indexed, columns) {
  PrimaryGeneratedColumn()(target.prototype, 'id');
  for (const [name, options] of Object.entries(columns)) Column(options)(target.prototype, name);
  Index(indexed)(target);
  Entity(table)(target);
}

/**
 * Fields of order lines and orders. All are internal: no API returns or takes them. Vendure's shop API
 * takes every other field of a line from shoppers, also a read-only one.
 */
export const CUSTOM_FIELDS = {
  OrderLine: [
    { name: 'tactfulToken', type: 'text', nullable: true, internal: true },
    { name: 'tactfulOffer', type: 'string', nullable: true, internal: true },
  ],
  Order: [{ name: 'tactfulSession', type: 'string', nullable: true, internal: true }],
};
