"""Ledgers: the durable stores behind a turn."""
