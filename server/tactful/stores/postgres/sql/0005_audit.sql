-- Operator actions with the role, the values before and after, and the amount.
-- Compatible since: 1

-- `before_values` and `after_values` are JSON objects of texts. An action of an older program has none.
ALTER TABLE acts ADD COLUMN role text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE acts ADD COLUMN before_values text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE acts ADD COLUMN after_values text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE acts ADD COLUMN amount bigint;
ALTER TABLE acts ADD COLUMN currency text COLLATE "C";
CREATE INDEX acts_by_who ON acts (who, id);
CREATE INDEX acts_by_act ON acts (act, id);
CREATE INDEX acts_by_subject ON acts (subject, id);
