-- Titles of products and names of customers are found by their beginning.
-- Compatible since: 11

CREATE INDEX facts_by_title ON facts (lower(CAST(body AS TEXT) ->> 'title'), key)
  WHERE kind = 'product' AND ended IS NULL;
CREATE INDEX facts_by_name ON facts (lower(CAST(body AS TEXT) ->> 'name'), key)
  WHERE kind = 'customer' AND ended IS NULL;
