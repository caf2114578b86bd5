-- Orders in force by their instant, with their buyers, so that a report reads only those that matter.
-- Compatible since: 11

-- Of an order: its instant (ms), the beginning of the name that exposures give its customer, and its
-- session. NULL in `order_at`: another kind of fact, or an order that is read whole, because an older
-- program wrote it or an erasure changed it.
ALTER TABLE facts ADD COLUMN order_at INTEGER;
ALTER TABLE facts ADD COLUMN order_buyer TEXT;
ALTER TABLE facts ADD COLUMN order_session TEXT;
-- The kind and the end are part of the index, so that a query reads nothing but the index.
CREATE INDEX facts_by_order ON facts (kind, ended, order_at, key, order_buyer, order_session)
  WHERE kind = 'order' AND ended IS NULL;
