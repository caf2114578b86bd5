-- Operator actions, for the audit.

CREATE TABLE acts (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  customer TEXT
) STRICT;
CREATE INDEX acts_by_customer ON acts (customer) WHERE customer IS NOT NULL;
