/** What the package offers: discount codes for a pool of a Tactful server. */

export { AdminApi, ShopifyError } from './admin_api.js';
export { createCodes, discountInput } from './code_batch.js';
