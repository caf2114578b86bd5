"""Verdicts: reason codes, findings, and what would change them."""
