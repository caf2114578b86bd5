"""The decision and everything it needs: pure values and functions, no I/O, clock or randomness."""
