/** The bridge's store in the shop's own database, where it commits together with orders. */

import { OPEN } from '@tactful/checkout';

import { TactfulAttempt, TactfulOutboxRow } from './entities.js';

/** Implements `CheckoutStore` within the transaction of a request context, if it has one. */
export class VendureStore {
  #connection;
  #ctx;

  /**
   * @param {import('@vendure/core').TransactionalConnection} connection
   * @param {import('@vendure/core').RequestContext} ctx
   */
  constructor(connection, ctx) {
    this.#connection = connection;
    this.#ctx = ctx;
  }

  async latestAttempt(order) {
    const rows = this.#rows(TactfulAttempt);
    const row = await rows.findOne({ where: { order }, order: { number: 'DESC' } });
    return row && attemptOf(row);
  }

  async openAttempts() {
    const where = OPEN.map((state) => ({ state }));
    const rows = await this.#rows(TactfulAttempt).find({ where, order: { id: 'ASC' } });
    return rows.map(attemptOf);
  }

  async record(attempt, ...entries) {
    await this.#together((ctx) => this.#write(ctx, attempt, entries));
  }

  async due(now, limit, subject) {
    const found = this.#rows(TactfulOutboxRow)
      .createQueryBuilder('entry')
      .where('entry.refused = :no', { no: false })
      .orderBy('entry.id', 'ASC')
      .take(limit);
    const earlier = found
      .subQuery()
      .select('MIN(other.id)')
      .from(TactfulOutboxRow, 'other')
      .where('other.refused = :no')
      .groupBy('other.subject');
    found.andWhere(`entry.id IN ${earlier.getQuery()}`);
    if (subject === undefined) found.andWhere('entry.notBefore <= :now', { now });
    else found.andWhere('entry.subject = :subject', { subject });
    return (await found.getMany()).map(entryOf);
  }

  async finish(entry, attempt, failure = '') {
    await this.#together(async (ctx) => {
      const rows = this.#connection.getRepository(ctx, TactfulOutboxRow);
      if (failure) await rows.update(entry.id, { refused: true, failure });
      else await rows.delete(entry.id);
      await this.#write(ctx, attempt, []);
    });
  }

  async postpone(entry, notBefore, failure) {
    const changes = { tries: entry.tries + 1, notBefore, failure };
    await this.#rows(TactfulOutboxRow).update(entry.id, changes);
  }

  #rows(entity) {
    return this.#connection.getRepository(this.#ctx, entity);
  }

  #together(work) {
    return this.#connection.withTransaction(this.#ctx, work);
  }

  async #write(ctx, attempt, entries) {
    if (attempt) {
      const attempts = this.#connection.getRepository(ctx, TactfulAttempt);
      const { order, number } = attempt;
      const { affected } = await attempts.update({ order, number }, attempt);
      const isKnown = affected ?? (await attempts.countBy({ order, number }));
      // The driver writes the new key into the row that it is given.
      if (!isKnown) await attempts.insert({ ...attempt });
    }
    const rows = entries.map(({ kind, subject, body, attempt: number }) => {
      return { kind, subject, body, attempt: number };
    });
    if (rows.length) await this.#connection.getRepository(ctx, TactfulOutboxRow).insert(rows);
  }
}

const attemptOf = ({ order, number, state, request, until }) => {
  return { order, number, state, request, until };
};
const entryOf = ({ kind, subject, body, attempt, id, tries }) => {
  return { kind, subject, body, attempt, id, tries };
};
