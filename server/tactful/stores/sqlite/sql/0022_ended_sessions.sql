-- Epochs of deleted sessions, so that a server that owned one before stores it no more.
-- Compatible since: 11

-- Of sessions that were claimed, because no other one had an earlier owner.
CREATE TABLE ended_sessions (
  session TEXT PRIMARY KEY,   -- keyed digest of the id
  epoch INTEGER NOT NULL,     -- at the deletion
  at INTEGER NOT NULL         -- when the session was last active, ms
) WITHOUT ROWID;
CREATE INDEX ended_sessions_by_instant ON ended_sessions (at);
