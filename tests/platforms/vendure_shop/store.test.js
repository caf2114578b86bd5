/** The store of the plugin keeps the promises of its port, on tables that TypeORM makes. */

import { DataSource } from 'typeorm';

import { storeContract } from '@tactful/checkout/store-contract';
import { TactfulAttempt, TactfulOutboxRow, VendureStore } from '@tactful/vendure-plugin';

/** The part of Vendure's connection that the store uses. */
const connectionOf = (source) => ({
  getRepository: (ctx, entity) => (ctx.manager ?? source.manager).getRepository(entity),
  withTransaction: (ctx, work) =>
    ctx.manager ? work(ctx) : source.transaction((manager) => work({ manager })),
});

storeContract('the store in a database', async () => {
  const entities = [TactfulAttempt, TactfulOutboxRow];
  const source = new DataSource({ type: 'sqljs', synchronize: true, entities });
  await source.initialize();
  return new VendureStore(connectionOf(source), {});
});
