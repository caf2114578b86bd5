-- An index of what rules in shadow mode would have offered. No other offer is in it.
-- Compatible since: 11

CREATE INDEX offers_in_shadow ON offers (id) WHERE state = 'shadow';
