-- Several servers, the nodes, on one ledger. Where they share it, `writer.server` is empty.
-- Compatible since: 1

-- One row per node. It answers whether a transaction of a lost connection was committed.
CREATE TABLE nodes (
  name text COLLATE "C" PRIMARY KEY,
  process text COLLATE "C" NOT NULL,  -- of each start its own; `sessions.node` names the owner by it
  place text COLLATE "C" NOT NULL,    -- digest of the data folder, which one process holds at a time
  epoch bigint NOT NULL,              -- how often a connection took the row
  batch bigint NOT NULL,              -- the last transaction that was committed
  lease_until bigint NOT NULL,        -- by the clock of the database; 0: the node has left
  joined_at bigint NOT NULL,          -- by the clock of the database
  version text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL
) WITH (fillfactor = 20);

ALTER TABLE sessions ADD node text COLLATE "C";

-- The files of the key folder, which all nodes share. Each is encrypted with `cluster_secret`.
CREATE TABLE encrypted_files (
  name text COLLATE "C" PRIMARY KEY,
  content bytea NOT NULL,             -- empty: the file was deleted
  revision bigint NOT NULL            -- grows with each change of any file
);
CREATE INDEX encrypted_files_by_revision ON encrypted_files (revision);
