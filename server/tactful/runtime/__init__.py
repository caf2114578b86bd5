"""The order of work around a decision; it reaches the outside only through its ports."""
