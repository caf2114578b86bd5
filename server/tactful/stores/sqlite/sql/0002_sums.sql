-- Sums over all offers ever made, which a start needs. Triggers maintain them: offers are millions.

CREATE TABLE rule_steps (
  rule TEXT NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,  -- '': none
  count INTEGER NOT NULL,
  PRIMARY KEY (rule, digest, state, reason)
) STRICT, WITHOUT ROWID;

INSERT INTO rule_steps
  SELECT body ->> 'rule', coalesce(body ->> 'rule_digest', ''), state, coalesce(reason, ''), count(*)
  FROM (SELECT s.state, s.reason, CAST(o.body AS TEXT) AS body
        FROM steps AS s JOIN offers AS o ON o.id = s.offer)
  GROUP BY 1, 2, 3, 4;

CREATE TRIGGER steps_counted AFTER INSERT ON steps BEGIN
  INSERT INTO rule_steps
    SELECT body ->> 'rule', coalesce(body ->> 'rule_digest', ''), NEW.state,
      coalesce(NEW.reason, ''), 1
    FROM (SELECT CAST(body AS TEXT) AS body FROM offers WHERE id = NEW.offer)
    WHERE TRUE  -- else the parser takes ON for a join's
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- When each rule first reduced an item in a territory, and when it did so last.
CREATE TABLE reductions (
  rule TEXT NOT NULL,
  sku TEXT NOT NULL,
  territory TEXT NOT NULL,
  since INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (rule, sku, territory)
) STRICT, WITHOUT ROWID;
CREATE INDEX reductions_by_last ON reductions (last);

INSERT INTO reductions
  SELECT body ->> 'rule', body ->> 'sku', body ->> 'territory', body ->> 'since',
    max(body ->> 'issued_at')
  FROM (SELECT CAST(body AS TEXT) AS body FROM offers WHERE state <> 'held_out')
  GROUP BY 1, 2, 3;

CREATE TRIGGER offers_noted AFTER INSERT ON offers WHEN NEW.state <> 'held_out' BEGIN
  INSERT INTO reductions
    SELECT body ->> 'rule', body ->> 'sku', body ->> 'territory', body ->> 'since',
      body ->> 'issued_at'
    FROM (SELECT CAST(NEW.body AS TEXT) AS body)
    WHERE TRUE
  ON CONFLICT DO UPDATE SET since = excluded.since, last = excluded.last
    WHERE excluded.last >= last;
END;
