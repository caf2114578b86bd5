"""Checks of parsed rule files: references, ranges, windows, prices, privacy."""
