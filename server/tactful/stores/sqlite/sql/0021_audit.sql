-- Operator actions with the role, the values before and after, and the amount.
-- Compatible since: 11

-- `before_values` and `after_values` are JSON objects of texts. An action of an older program has none.
ALTER TABLE acts ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE acts ADD COLUMN before_values TEXT NOT NULL DEFAULT '{}';
ALTER TABLE acts ADD COLUMN after_values TEXT NOT NULL DEFAULT '{}';
ALTER TABLE acts ADD COLUMN amount INTEGER;
ALTER TABLE acts ADD COLUMN currency TEXT;
CREATE INDEX acts_by_who ON acts (who, id);
CREATE INDEX acts_by_act ON acts (act, id);
CREATE INDEX acts_by_subject ON acts (subject, id);
