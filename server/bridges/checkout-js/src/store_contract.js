/** Tests that every store must pass; call `storeContract` in a file for `node --test`. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { AttemptState } from './attempts.js';
import { EntryKind, outboxEntry } from './store.js';

const attempt = (order, number, state = AttemptState.HELD) => ({
  order,
  number,
  state,
  request: {},
  until: 1_773_144_000_000,
});
const confirm = (subject, body = {}) => outboxEntry(EntryKind.CONFIRM, subject, body, 1);
const kinds = (entries) => entries.map((entry) => entry.kind);

/**
 * Register the tests of the port `CheckoutStore`.
 *
 * @param {string} name the store's name in the report
 * @param {() => Promise<import('./index').CheckoutStore>} makeStore returns an empty store
 */
export function storeContract(name, makeStore) {
  const check = (title, run) => test(title, async () => run(await makeStore()));

  describe(name, () => {
    check('the latest attempt has the highest number', async (store) => {
      assert.equal(await store.latestAttempt('o1'), null);
      await store.record(attempt('o1', 10));
      await store.record(attempt('o1', 9));
      await store.record(attempt('o2', 11));
      assert.deepEqual(await store.latestAttempt('o1'), attempt('o1', 10));
    });

    check(
      'an attempt is replaced by its number, with everything that it asked for',
      async (store) => {
        const asked = { ...attempt('o1', 1, AttemptState.ASKED), request: { lines: [{ qty: 2 }] } };
        await store.record(asked);
        assert.deepEqual(await store.latestAttempt('o1'), asked);
        await store.record(attempt('o1', 1));
        assert.deepEqual(await store.latestAttempt('o1'), attempt('o1', 1));
      },
    );

    check('open attempts are those without an end, the oldest first', async (store) => {
      await store.record(attempt('o3', 1, AttemptState.ASKED));
      await store.record(attempt('o2', 1, AttemptState.CONFIRMED));
      await store.record(attempt('o1', 1));
      const orders = (await store.openAttempts()).map((one) => one.order);
      assert.deepEqual(orders, ['o3', 'o1']);
    });

    check('an entry keeps its body and its attempt', async (store) => {
      await store.record(null, confirm('o1', { attempt: 1, lines: [{ sku: 'Ä', qty: 1 }] }));
      const [entry] = await store.due(0, 1);
      assert.ok(entry.id);
      assert.deepEqual(entry.body, { attempt: 1, lines: [{ sku: 'Ä', qty: 1 }] });
      assert.deepEqual(
        [entry.kind, entry.subject, entry.attempt, entry.tries],
        ['confirm', 'o1', 1, 0],
      );
    });

    check('an entry waits for the earlier entry of its subject', async (store) => {
      const cancel = outboxEntry(EntryKind.CANCEL, 'o1');
      await store.record(null, confirm('o1'), cancel, confirm('o2'));
      const [first, other, ...more] = await store.due(0, 10);
      assert.deepEqual([first.kind, other.subject, more], [EntryKind.CONFIRM, 'o2', []]);
      await store.finish(first, null);
      assert.deepEqual(kinds(await store.due(0, 10, 'o1')), [EntryKind.CANCEL]);
    });

    check('as many entries are returned as were asked for', async (store) => {
      await store.record(null, confirm('o1'), confirm('o2'), confirm('o3'));
      assert.equal((await store.due(0, 2)).length, 2);
    });

    check(
      'a postponed entry is due at its time, or when its subject is asked for',
      async (store) => {
        await store.record(null, confirm('o1'));
        await store.postpone((await store.due(0, 1))[0], 1_773_144_000_100, 'away');
        assert.deepEqual(await store.due(1_773_144_000_099, 1), []);
        const tries = (await store.due(0, 1, 'o1')).map((entry) => entry.tries);
        assert.deepEqual(tries, [1]);
        assert.equal((await store.due(1_773_144_000_100, 1)).length, 1);
      },
    );

    check('a postponed entry holds up the later ones of its subject', async (store) => {
      await store.record(null, confirm('o1'), outboxEntry(EntryKind.CANCEL, 'o1'));
      await store.postpone((await store.due(0, 1))[0], 100, 'away');
      assert.deepEqual(await store.due(50, 10), []);
      assert.deepEqual(kinds(await store.due(50, 10, 'o1')), [EntryKind.CONFIRM]);
    });

    check('a refused entry holds up nothing, and changes its attempt', async (store) => {
      await store.record(attempt('o1', 1), confirm('o1'), outboxEntry(EntryKind.CANCEL, 'o1'));
      const [entry] = await store.due(0, 1);
      await store.finish(entry, attempt('o1', 1, AttemptState.LOST), '409 redemption.used');
      assert.equal((await store.latestAttempt('o1')).state, AttemptState.LOST);
      assert.deepEqual(kinds(await store.due(0, 10)), [EntryKind.CANCEL]);
    });

    check(
      'an entry that another process has finished can be finished and postponed',
      async (store) => {
        await store.record(null, confirm('o1'));
        const [entry] = await store.due(0, 1);
        await store.finish(entry, null);
        await store.finish(entry, null);
        await store.postpone(entry, 100, 'away');
        assert.deepEqual(await store.due(1_000, 1), []);
      },
    );
  });
}
