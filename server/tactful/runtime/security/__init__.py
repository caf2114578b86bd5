"""Signing keys, verified identities, and tokens."""
