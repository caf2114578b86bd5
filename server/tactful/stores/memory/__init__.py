"""The ledger in memory, for tests and dry runs."""
