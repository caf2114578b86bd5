/** Honours the offers of a Tactful server at a shop's checkout, exactly once. */

export { AttemptEvent, AttemptState, after, nextState, OPEN, TRANSITIONS } from './attempts.js';
export { digitsOf, MINOR_DIGITS, priceOf, reasonAgainst } from './cart.js';
export { bodyOf, Checkout, HOLD_S, untilOf } from './checkout.js';
export { PATIENCE_MS, pathOf, TactfulClient } from './client.js';
export { Delivery, FIRST_WAIT_MS, LONGEST_WAIT_MS, NoFacts } from './delivery.js';
export { BridgeError, OutcomeUnknownError, RefusedError, TokenRefusedError } from './errors.js';
export { signCustomer, signIdentity } from './identity.js';
export { KeyCache, MAX_AGE_MS, PAUSE_MS } from './key_cache.js';
export { MemoryStore } from './memory_store.js';
export { keysOf, verify } from './offer_tokens.js';
export { pair } from './pairing.js';
export { EntryKind, outboxEntry } from './store.js';
export { OrderState, Sweep, YOUNG_MS } from './sweep.js';
export { HttpTransport, TIMEOUT_MS } from './transport.js';
