"""Scenario tests of rules, their coverage, and the comparison of two rulebooks."""
