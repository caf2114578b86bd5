"""Checks of reported facts: shape, consistency, and normal forms of texts and instants."""
