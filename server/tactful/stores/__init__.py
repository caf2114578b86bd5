"""Ledgers: implementations of the ledger port on SQLite and in memory."""
