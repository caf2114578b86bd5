-- Discount codes of the shop's platform, each for one offer.
-- Compatible since: 11

-- `key` is the code in capitals, because platforms ignore case. State: free, reserved (by a visible
-- offer), handed_out (its shopper knows it), used, withdrawn. A code with `is_withdrawn` is given out no
-- more once its offer gives it back.
CREATE TABLE codes (
  key TEXT PRIMARY KEY,
  pool TEXT NOT NULL,
  code TEXT NOT NULL,
  ends_at INTEGER,
  state TEXT NOT NULL,
  is_withdrawn INTEGER NOT NULL DEFAULT 0,
  offer TEXT,
  added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_pool ON codes (pool, state);
CREATE INDEX codes_by_offer ON codes (offer) WHERE offer IS NOT NULL;
