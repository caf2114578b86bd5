"""Stages of a decision: reducer, arbitration, hold-out, building the offer."""
