import type { CheckoutStore } from './index';

/**
 * Register the tests of the port `CheckoutStore`, in a file for `node --test`.
 *
 * @param name the store's name in the report
 * @param makeStore returns an empty store
 */
export function storeContract(name: string, makeStore: () => Promise<CheckoutStore>): void;
