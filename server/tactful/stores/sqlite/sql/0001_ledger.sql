-- The first schema. Instants are milliseconds since the Unix epoch, UTC; amounts are minor units.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per stored version of a fact. Ids grow in the order of storing; `at` never falls within a key.
CREATE TABLE facts (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  int_version INTEGER,   -- the highest integer version seen for the key so far
  time_version INTEGER,  -- the highest time version seen for the key so far
  subjects TEXT NOT NULL,
  body BLOB NOT NULL,
  at INTEGER NOT NULL,
  ended INTEGER          -- NULL: in force
) STRICT;
CREATE INDEX facts_by_key ON facts (kind, key, ended);
CREATE INDEX facts_by_end ON facts (ended) WHERE ended IS NOT NULL;

-- Every subject under which a key was ever found. The `subjects` of a fact say under which its version is.
CREATE TABLE subjects (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  fact_kind TEXT NOT NULL,
  fact_key TEXT NOT NULL,
  PRIMARY KEY (kind, id, fact_kind, fact_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE heard (
  feed TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  session TEXT PRIMARY KEY,
  customer TEXT,
  state BLOB NOT NULL,
  resume BLOB NOT NULL,
  wake_at INTEGER,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_resume ON sessions (resume);
CREATE INDEX sessions_by_customer ON sessions (customer) WHERE customer IS NOT NULL;
CREATE INDEX sessions_by_wake ON sessions (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE contacts (
  shopper TEXT PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

-- Offers. The columns repeat what is searched or summed; `body` is the whole offer as JSON.
CREATE TABLE offers (
  id TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  customer TEXT,
  state TEXT NOT NULL,
  campaign TEXT,
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  hold INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX offers_by_session ON offers (session);
CREATE INDEX offers_by_customer ON offers (customer) WHERE customer IS NOT NULL;
CREATE INDEX offers_standing ON offers (state) WHERE state IN ('pushed', 'shown', 'accepted');

CREATE TABLE steps (
  id INTEGER PRIMARY KEY,
  offer TEXT NOT NULL,
  session TEXT NOT NULL,
  at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT
) STRICT;
CREATE INDEX steps_by_offer ON steps (offer);
CREATE INDEX steps_by_session ON steps (session);

CREATE TABLE budgets (
  campaign TEXT NOT NULL,
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  "limit" INTEGER,
  reserved INTEGER NOT NULL CHECK (reserved >= 0),
  settled INTEGER NOT NULL CHECK (settled >= 0),
  PRIMARY KEY (campaign, period, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE redemptions (
  offer TEXT NOT NULL,
  "order" TEXT NOT NULL,
  at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('redeemed', 'cancelled', 'refused')),
  saved INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (offer, "order")
) STRICT;
CREATE INDEX redemptions_by_order ON redemptions ("order");
-- Single use does not rest on the redemption logic alone.
CREATE UNIQUE INDEX redemptions_once ON redemptions (offer) WHERE status = 'redeemed';

CREATE TABLE refunds (
  "order" TEXT NOT NULL,
  refund TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY ("order", refund)
) STRICT;

CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  customer TEXT,
  at INTEGER NOT NULL,
  rulebook TEXT NOT NULL,
  signal BLOB NOT NULL,
  inputs BLOB,
  trace BLOB
) STRICT;
CREATE INDEX entries_by_session ON entries (session);
CREATE INDEX entries_by_customer ON entries (customer) WHERE customer IS NOT NULL;
CREATE INDEX entries_by_time ON entries (at);

CREATE TABLE rulebooks (
  version TEXT PRIMARY KEY,
  sources BLOB NOT NULL
) STRICT;
CREATE TABLE activations (
  id INTEGER PRIMARY KEY,
  version TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TABLE rule_states (
  rule TEXT PRIMARY KEY,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
