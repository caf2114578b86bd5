"""Offers: their lifecycle, budgets, messages and signed tokens."""
