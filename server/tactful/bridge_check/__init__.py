"""Conformance kit of bridges: what a shop must do with offers, whatever fails on the way."""
