"""The HTTP API for a shop's own systems."""
