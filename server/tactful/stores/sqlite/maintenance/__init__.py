"""Work on a whole ledger file that no server uses."""
