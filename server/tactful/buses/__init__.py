"""Buses: how one process tells another that something changed."""
