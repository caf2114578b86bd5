-- Epochs of deleted sessions, so that a server that owned one before stores it no more.
-- Compatible since: 1

-- Of sessions that were claimed, because no other one had an earlier owner.
CREATE TABLE ended_sessions (
  session text COLLATE "C" PRIMARY KEY,  -- keyed digest of the id
  epoch bigint NOT NULL,                 -- at the deletion
  at bigint NOT NULL                     -- when the session was last active, ms
);
CREATE INDEX ended_sessions_by_instant ON ended_sessions (at);
