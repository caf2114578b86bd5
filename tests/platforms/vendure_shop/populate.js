/** Makes the shop's tables with three items, as they are before any plugin is added. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { bootstrap, LanguageCode } from '@vendure/core';
import { populate } from '@vendure/core/cli/index.js';

import { config } from './config.js';

const ITEMS = `name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets
Runner,runner,A running shoe,,category:shoes|brand:Acme,size,42,RUN-42,129.00,standard,99,true,,
,,,,,,43,RUN-43,129.00,standard,5,true,,
Socks,socks,A pair of socks,,category:socks|brand:Acme,,,SOCK-1,19.90,standard,99,true,,
`;
const INITIAL = {
  defaultLanguage: LanguageCode.en,
  defaultZone: 'Europe',
  taxRates: [{ name: 'Standard', percentage: 19 }],
  shippingMethods: [{ name: 'Standard', price: 500 }],
  paymentMethods: [
    {
      name: 'Card',
      handler: {
        code: 'dummy-payment-handler',
        arguments: [{ name: 'automaticSettle', value: 'true' }],
      },
    },
  ],
  countries: [
    { name: 'Germany', code: 'DE', zone: 'Europe' },
    { name: 'Austria', code: 'AT', zone: 'Europe' },
  ],
  collections: [],
};

const file = path.join(process.env.SHOP_FOLDER, 'items.csv');
writeFileSync(file, ITEMS);
const app = await populate(() => bootstrap(config), INITIAL, file);
await app.close();
process.exit(0);
