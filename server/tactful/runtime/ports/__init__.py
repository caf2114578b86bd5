"""What the runtime needs from outside: a ledger, a clock and a source of randomness."""
