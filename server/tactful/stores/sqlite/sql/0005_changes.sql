-- The change log: one order of everything that every memory of this ledger must learn.

CREATE TABLE changes (
  position INTEGER PRIMARY KEY,  -- dense, in the order of commits; the id of a fact is its position
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subjects TEXT NOT NULL,
  body BLOB                      -- NULL: the body of the fact
) STRICT;
-- The newest row is never deleted, so positions continue after it. Older ledgers start at their last fact.
INSERT INTO changes SELECT id, at, 'fact', subjects, NULL FROM facts ORDER BY id DESC LIMIT 1;

-- The units that standing offers promise, kept by the writer with every change of an offer.
ALTER TABLE offers ADD COLUMN units INTEGER NOT NULL DEFAULT 0;
UPDATE offers
SET units = CAST(body AS TEXT) ->> iif(state = 'accepted', 'qty', 'max_qty')
WHERE state IN ('pushed', 'shown', 'accepted');
CREATE TABLE stock_commitments (
  sku TEXT NOT NULL,
  territory TEXT NOT NULL,
  promised INTEGER NOT NULL CHECK (promised >= 0),
  PRIMARY KEY (sku, territory)
) STRICT, WITHOUT ROWID;
INSERT INTO stock_commitments
  SELECT CAST(body AS TEXT) ->> 'sku', CAST(body AS TEXT) ->> 'territory', sum(units)
  FROM offers WHERE state IN ('pushed', 'shown', 'accepted')
  GROUP BY 1, 2;

ALTER TABLE contacts ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
-- A claim adds one to the epoch; writes of an older epoch are refused.
ALTER TABLE sessions ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN taken BLOB;

-- Counts per hour; `hour` is whole hours since the Unix epoch, UTC.
CREATE TABLE tallies (
  hour INTEGER NOT NULL,
  what TEXT NOT NULL,
  product TEXT NOT NULL,
  territory TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (hour, what, product, territory, name)
) STRICT, WITHOUT ROWID;

-- Keyed digests of erased ids, which every later write is checked against.
CREATE TABLE erased (
  digest TEXT PRIMARY KEY,
  alias TEXT NOT NULL,
  at INTEGER NOT NULL,
  begun_at INTEGER               -- when the shop began the id anew
) STRICT, WITHOUT ROWID;

-- The writer keeps these sums itself: a trigger would read each offer's JSON several times.
DROP TRIGGER steps_counted;
DROP TRIGGER offers_noted;
