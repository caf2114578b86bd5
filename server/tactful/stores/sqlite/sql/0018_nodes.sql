-- Sessions name the process that owns them, where several servers share a ledger on PostgreSQL.
-- Compatible since: 11

ALTER TABLE sessions ADD COLUMN node TEXT;
