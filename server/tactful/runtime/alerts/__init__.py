"""Alerts: what needs a person, found in the state of a shop and kept in its ledger."""
