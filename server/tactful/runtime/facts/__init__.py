"""Facts in memory: the cache, reads of the ledger, and the liveness of feeds."""
