-- Exposures: the first offer of each rule that a unit was shown, or that was held out from it.
-- Compatible since: 11

-- `unit` is a session, or the keyed digest of a customer's id as in `erased`.
CREATE TABLE exposures (
  unit TEXT NOT NULL,
  rule TEXT NOT NULL,
  is_customer INTEGER NOT NULL,
  session TEXT NOT NULL,
  is_treated INTEGER NOT NULL,
  treated_bp INTEGER NOT NULL,
  at INTEGER NOT NULL,
  product TEXT NOT NULL,
  territory TEXT NOT NULL,
  currency TEXT NOT NULL,
  saved INTEGER NOT NULL,
  PRIMARY KEY (unit, rule)
) STRICT, WITHOUT ROWID;

-- Programs that know only older schemas erase customers too. Each erasure writes its tombstone.
CREATE TRIGGER exposures_of_erased AFTER INSERT ON erased BEGIN
  DELETE FROM exposures WHERE unit = NEW.digest;
END;
CREATE TRIGGER exposures_of_erased_again AFTER UPDATE OF at ON erased BEGIN
  DELETE FROM exposures WHERE unit = NEW.digest;
END;
