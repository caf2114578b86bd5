-- When each rule was activated as a trial for the first time. The length of a trial counts from then.
-- Compatible since: 6

CREATE TABLE trials (
    rule TEXT PRIMARY KEY,
    since INTEGER NOT NULL -- milliseconds since the Unix epoch, UTC
) STRICT, WITHOUT ROWID;
