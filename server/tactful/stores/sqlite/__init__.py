"""The ledger on one SQLite file: writer, reads, schema, checks and backup."""
