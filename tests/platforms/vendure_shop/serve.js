/** Runs the shop with the plugin, its storefront, and a control for tests. */

import { readFileSync } from 'node:fs';

import {
  bootstrap,
  EventBus,
  RefundStateTransitionEvent,
  TransactionalConnection,
} from '@vendure/core';
import {
  TactfulBridge,
  TactfulOutboxEvent,
  TactfulOutboxRow,
  TactfulPlugin,
} from '@tactful/vendure-plugin';

import { config } from './config.js';

const PAGE = readFileSync(new URL('store.html', import.meta.url));
const SCRIPT = readFileSync(
  new URL(import.meta.resolve('@tactful/vendure-plugin/storefront')),
);

let app = null;
let settled = null;

/** What tests do to the shop from outside its APIs. */
const CONTROLS = {
  '/ready': async () => ({ ready: app !== null }),
  '/backfill': () => app.get(TactfulBridge).backfill(),
  '/sweep': async () => {
    const rows = app.get(TransactionalConnection).rawConnection.getRepository(TactfulOutboxRow);
    await rows.createQueryBuilder().update().set({ notBefore: 0 }).execute();
    return app.get(TactfulBridge).sweep();
  },
  // Reports the last refund that was settled once more.
  '/refund-again': () => app.get(EventBus).publish(settled),
  '/outbox': () =>
    app.get(TransactionalConnection).rawConnection.getRepository(TactfulOutboxRow).find(),
  // The process ends right after the commit that writes into the outbox, and before anything is sent.
  '/crash': async () => {
    const { rawConnection } = app.get(TransactionalConnection);
    app.get(EventBus).ofType(TactfulOutboxEvent).subscribe(async () => {
      // This driver keeps the database in memory; any other has written it by the end of the commit.
      await rawConnection.sqljsManager.saveDatabase();
      process.kill(process.pid, 'SIGKILL');
    });
    return {};
  },
};

function store(request, response) {
  const isScript = request.path === '/storefront.js';
  response.type(isScript ? 'text/javascript' : 'text/html').send(isScript ? SCRIPT : PAGE);
}

async function control(request, response) {
  try {
    response.json((await CONTROLS[request.path]()) ?? {});
  } catch (error) {
    response.status(500).json({ error: error.stack });
  }
}

config.plugins.push(
  TactfulPlugin.init({
    territories: ['DE', 'AT'],
    productUrl: `http://127.0.0.1:${process.env.SHOP_PORT}/store/product/{sku}`,
  }),
);
config.apiOptions.middleware.push(
  { route: 'store', handler: store },
  { route: 'control', handler: control },
);
app = await bootstrap(config);
app
  .get(EventBus)
  .ofType(RefundStateTransitionEvent)
  .subscribe((event) => {
    if (event.toState === 'Settled') settled = event;
  });
