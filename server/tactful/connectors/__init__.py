"""Connectors: facts from other systems' files and feeds."""
