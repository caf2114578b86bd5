-- Alerts: what needs a person, until it is mended.
-- Compatible since: 6

CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  resolved_at INTEGER,           -- NULL: unresolved
  body BLOB NOT NULL             -- the alert as JSON
) STRICT;
-- A cause has one alert.
CREATE UNIQUE INDEX unresolved_alerts ON alerts (kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_by_end ON alerts (resolved_at) WHERE resolved_at IS NOT NULL;
