-- Discount codes of the shop's platform, each for one offer.
-- Compatible since: 1

-- `key` is the code in capitals, because platforms ignore case. State: free, reserved (by a visible
-- offer), handed_out (its shopper knows it), used, withdrawn. A code with `is_withdrawn` is given out no
-- more once its offer gives it back.
CREATE TABLE codes (
  key text COLLATE "C" PRIMARY KEY,
  pool text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  ends_at bigint,
  state text COLLATE "C" NOT NULL,
  is_withdrawn bigint NOT NULL DEFAULT 0,
  offer text COLLATE "C",
  added_at bigint NOT NULL
);
CREATE INDEX codes_by_pool ON codes (pool, state);
CREATE INDEX codes_by_offer ON codes (offer) WHERE offer IS NOT NULL;
