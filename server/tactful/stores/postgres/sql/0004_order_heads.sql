-- Orders in force by their instant, with their buyers, so that a report reads only those that matter.
-- Compatible since: 1

-- Of an order: its instant (ms), the beginning of the name that exposures give its customer, and its
-- session. NULL in `order_at`: another kind of fact, or an order that is read whole, because an older
-- program wrote it or an erasure changed it.
ALTER TABLE facts ADD COLUMN order_at bigint;
ALTER TABLE facts ADD COLUMN order_buyer text COLLATE "C";
ALTER TABLE facts ADD COLUMN order_session text COLLATE "C";
CREATE INDEX facts_by_order ON facts (kind, ended, order_at, key, order_buyer, order_session)
  WHERE kind = 'order' AND ended IS NULL;
