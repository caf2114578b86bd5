"""Moves of a whole ledger from one engine to the other."""
