"""The fact model: what a shop reports, and the items and histories that it amounts to."""
