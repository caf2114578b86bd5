"""How memory learns of what the ledger holds: every change, in order, exactly once."""
