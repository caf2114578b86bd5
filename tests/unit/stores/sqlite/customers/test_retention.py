"""Expiry of stored data."""
