-- Experiments: the exposures of their units, one for each rule and edition of an experiment.
-- Compatible since: 11

-- `edition` is empty where the rule was in no experiment. It names what was compared.
CREATE TABLE exposures_of_editions (
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
  experiment TEXT NOT NULL DEFAULT '',
  edition TEXT NOT NULL DEFAULT '',
  arm_bp INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (unit, rule, edition)
) STRICT, WITHOUT ROWID;
INSERT INTO exposures_of_editions (unit, rule, is_customer, session, is_treated, treated_bp, at,
  product, territory, currency, saved)
SELECT unit, rule, is_customer, session, is_treated, treated_bp, at, product, territory, currency,
  saved
FROM exposures;
DROP TRIGGER exposures_of_erased;
DROP TRIGGER exposures_of_erased_again;
DROP TABLE exposures;
ALTER TABLE exposures_of_editions RENAME TO exposures;

-- Programs that know only older schemas erase customers too. Each erasure writes its tombstone.
CREATE TRIGGER exposures_of_erased AFTER INSERT ON erased BEGIN
  DELETE FROM exposures WHERE unit = NEW.digest;
END;
CREATE TRIGGER exposures_of_erased_again AFTER UPDATE OF at ON erased BEGIN
  DELETE FROM exposures WHERE unit = NEW.digest;
END;
