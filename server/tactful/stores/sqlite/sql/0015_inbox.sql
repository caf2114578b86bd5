-- The inbox: deliveries of other systems until they are mapped, and how far connectors have read.
-- Compatible since: 14

CREATE TABLE inbox (
  number INTEGER PRIMARY KEY,
  connector TEXT NOT NULL,
  delivery TEXT NOT NULL,        -- the sender's id
  topic TEXT NOT NULL,
  about TEXT NOT NULL,
  arrived INTEGER NOT NULL,
  sent_at INTEGER,
  state TEXT NOT NULL,           -- waiting, done, failed
  problem TEXT NOT NULL,
  fields BLOB NOT NULL           -- JSON; empty once it is done
) STRICT;
CREATE UNIQUE INDEX inbox_by_delivery ON inbox (connector, delivery);
CREATE INDEX inbox_by_state ON inbox (connector, state, number);
CREATE INDEX inbox_by_arrival ON inbox (arrived);

-- Keyed digests, as in `erased`, of the customers, contacts and orders that the fields name.
CREATE TABLE inbox_subjects (
  digest TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (digest, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_subjects_by_number ON inbox_subjects (number);
CREATE TRIGGER inbox_subjects_of_deleted AFTER DELETE ON inbox BEGIN
  DELETE FROM inbox_subjects WHERE number = OLD.number;
END;
CREATE TRIGGER inbox_subjects_of_done AFTER UPDATE OF state ON inbox WHEN NEW.state = 'done' BEGIN
  DELETE FROM inbox_subjects WHERE number = NEW.number;
END;

-- Programs that know only older schemas erase customers too. Each erasure writes its tombstone.
CREATE TRIGGER inbox_of_erased AFTER INSERT ON erased BEGIN
  DELETE FROM inbox WHERE number IN (SELECT number FROM inbox_subjects WHERE digest = NEW.digest);
END;
CREATE TRIGGER inbox_of_erased_again AFTER UPDATE OF at ON erased BEGIN
  DELETE FROM inbox WHERE number IN (SELECT number FROM inbox_subjects WHERE digest = NEW.digest);
END;

CREATE TABLE cursors (
  connector TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (connector, name)
) STRICT, WITHOUT ROWID;
