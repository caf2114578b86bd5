/** Lets a Vendure shop sell at the offers of a Tactful server. */

export { TactfulBridge, TactfulOutboxEvent } from './bridge.js';
export { TactfulAttempt, TactfulOutboxRow } from './entities.js';
export { TactfulOptionsError } from './options.js';
export { TactfulPlugin } from './plugin.js';
export { VendureStore } from './store.js';
