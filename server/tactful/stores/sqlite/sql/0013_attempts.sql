-- Redemptions by payment attempt, which may be held, and other ids of an order. Older redemptions are attempt 1.

CREATE TABLE redemptions_by_attempt (
  offer TEXT NOT NULL,
  "order" TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('held', 'redeemed', 'lapsed', 'cancelled', 'refused')),
  saved INTEGER NOT NULL,
  until INTEGER,                 -- when a held one lapses; NULL: never
  body BLOB NOT NULL,
  PRIMARY KEY (offer, "order", attempt)
) STRICT;
INSERT INTO redemptions_by_attempt (rowid, offer, "order", attempt, at, status, saved, body)
  SELECT rowid, offer, "order", 1, at, status, saved, body FROM redemptions;
DROP TABLE redemptions;
ALTER TABLE redemptions_by_attempt RENAME TO redemptions;
CREATE INDEX redemptions_by_order ON redemptions ("order");
-- Single use does not rest on the redemption logic alone.
CREATE UNIQUE INDEX redemptions_once ON redemptions (offer) WHERE status IN ('held', 'redeemed');
CREATE INDEX redemptions_by_end ON redemptions (until) WHERE status = 'held';
-- What a report of a paid order may confirm.
CREATE INDEX redemptions_unpaid ON redemptions ("order") WHERE status IN ('held', 'lapsed');

-- Every other id of an order leads to the id under which it was first redeemed.
CREATE TABLE order_aliases (
  alias TEXT PRIMARY KEY,
  "order" TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_aliases_by_order ON order_aliases ("order");

DROP INDEX offers_standing;
CREATE INDEX offers_standing ON offers (state)
  WHERE state IN ('pushed', 'shown', 'accepted', 'held');
