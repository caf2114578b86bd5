/** The configuration of a Vendure shop as a scaffold makes it, on a database in a file of sql.js. */

import path from 'node:path';

import {
  DefaultJobQueuePlugin,
  DefaultLogger,
  defaultPromotionActions,
  defaultPromotionConditions,
  dummyPaymentHandler,
  LogLevel,
} from '@vendure/core';

const folder = process.env.SHOP_FOLDER;

export const config = {
  apiOptions: { port: Number(process.env.SHOP_PORT), hostname: '127.0.0.1', middleware: [] },
  authOptions: {
    tokenMethod: ['cookie', 'bearer'],
    cookieOptions: { secret: 'of-the-tests' },
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
    requireVerification: false,
  },
  dbConnectionOptions: {
    type: 'sqljs',
    synchronize: true,
    autoSave: true,
    location: path.join(folder, 'shop.sqlite'),
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  promotionOptions: {
    promotionActions: defaultPromotionActions,
    promotionConditions: defaultPromotionConditions,
  },
  importExportOptions: { importAssetsDir: folder },
  logger: new DefaultLogger({ level: LogLevel.Info, timestamp: false }),
  plugins: [DefaultJobQueuePlugin.init({})],
};
