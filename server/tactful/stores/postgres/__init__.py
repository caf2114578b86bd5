"""The ledger on PostgreSQL. Only this package needs psycopg, an optional dependency."""
