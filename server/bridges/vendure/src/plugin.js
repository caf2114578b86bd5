/** The Vendure plugin: joins the bridge to the shop's configuration and events. */

import { Inject } from '@nestjs/common';
import {
  ChannelService,
  ConfigService,
  CustomerService,
  EventBus,
  OrderService,
  PluginCommonModule,
  ProcessContext,
  ProductPriceApplicator,
  ProductVariantService,
  PromotionService,
  RequestContextService,
  TransactionalConnection,
  TranslatorService,
  VendurePlugin,
} from '@vendure/core';

import { TactfulBridge } from './bridge.js';
import { CUSTOM_FIELDS, TactfulAttempt, TactfulOutboxRow } from './entities.js';
import { react } from './events.js';
import { resolveOptions } from './options.js';
import { orderParts } from './payment.js';
import { ensurePromotion, excludeOfferLines, promotionParts } from './promotion.js';
import { SCHEMA, TactfulLineResolver, TactfulShopResolver } from './shop_api.js';

/** Name by which the bridge knows a service → the service. */
const SERVICES = {
  connection: TransactionalConnection,
  orders: OrderService,
  events: EventBus,
  contexts: RequestContextService,
  customers: CustomerService,
  channels: ChannelService,
  prices: ProductPriceApplicator,
  variants: ProductVariantService,
  translator: TranslatorService,
  promotions: PromotionService,
  config: ConfigService,
};

let options = null;
let bridge = null;

/** Return the bridge of this process, which exists before the first request. */
function bridgeOfProcess() {
  return bridge;
}

/** Lets a shop sell at the offers of a Tactful server. */
export class TactfulPlugin {
  #services;
  #processContext;

  constructor(processContext, ...services) {
    this.#processContext = processContext;
    const names = Object.keys(SERVICES);
    this.#services = Object.fromEntries(names.map((name, place) => [name, services[place]]));
  }

  /**
   * Return the plugin with its options, for `plugins` of the shop's configuration.
   *
   * @param {import('./index').TactfulOptions} given
   * @throws {TactfulOptionsError} an option is missing, unknown or wrong
   */
  static init(given) {
    options = resolveOptions(given, process.env);
    return TactfulPlugin;
  }

  async onApplicationBootstrap() {
    const { contexts, config, events } = this.#services;
    const { isServer } = this.#processContext;
    const prepare = (ctx) => ensurePromotion(ctx, { ...this.#services, log: bridge.log });
    excludeOfferLines(config);
    react(bridge, events, { channelCreated: prepare });
    if (isServer) await prepare(await contexts.create({ apiType: 'admin' }));
    bridge.start({ sweeps: isServer });
  }

  async onApplicationShutdown() {
    await bridge.stop();
  }
}

const injected = [ProcessContext, ...Object.values(SERVICES)];
for (const [place, token] of injected.entries()) Inject(token)(TactfulPlugin, undefined, place);

/** Add fields, promotion, process and guard to the shop's configuration. */
function configure(config) {
  if (!options) throw new Error('Write TactfulPlugin.init({ … }) into the plugins of the shop.');
  const { customFields, promotionOptions, orderOptions } = config;
  for (const [entity, fields] of Object.entries(CUSTOM_FIELDS)) {
    customFields[entity] = [...(customFields[entity] ?? []), ...fields];
  }
  const { condition, action } = promotionParts(bridgeOfProcess);
  promotionOptions.promotionConditions = [
    ...(promotionOptions.promotionConditions ?? []),
    condition,
  ];
  promotionOptions.promotionActions = [...(promotionOptions.promotionActions ?? []), action];
  const { process: orderProcess, interceptor } = orderParts(bridgeOfProcess);
  orderOptions.process = [...(orderOptions.process ?? []), orderProcess];
  orderOptions.orderInterceptors = [...(orderOptions.orderInterceptors ?? []), interceptor];
  return config;
}

VendurePlugin({
  imports: [PluginCommonModule],
  compatibility: '^3.7.0',
  entities: [TactfulAttempt, TactfulOutboxRow],
  providers: [
    {
      provide: TactfulBridge,
      inject: Object.values(SERVICES),
      useFactory: (...services) => {
        const names = Object.keys(SERVICES);
        const named = Object.fromEntries(names.map((name, place) => [name, services[place]]));
        bridge = new TactfulBridge(options, named);
        return bridge;
      },
    },
  ],
  shopApiExtensions: { schema: SCHEMA, resolvers: [TactfulShopResolver, TactfulLineResolver] },
  configuration: configure,
})(TactfulPlugin);
