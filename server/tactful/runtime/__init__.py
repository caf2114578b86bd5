"""The order of work around a decision; it reaches ledger, clock and entropy through its ports."""
