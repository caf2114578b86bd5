-- Sums over rows that were deleted after their retention, so that statistics and balances keep them.

CREATE TABLE pruned_outcomes (
  rule TEXT NOT NULL,
  product TEXT NOT NULL,
  territory TEXT NOT NULL,
  tried INTEGER NOT NULL,
  bought INTEGER NOT NULL,
  PRIMARY KEY (rule, product, territory)
) STRICT, WITHOUT ROWID;

CREATE TABLE pruned_redemptions (
  campaign TEXT NOT NULL,
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  settled INTEGER NOT NULL,
  PRIMARY KEY (campaign, period, currency)
) STRICT, WITHOUT ROWID;
