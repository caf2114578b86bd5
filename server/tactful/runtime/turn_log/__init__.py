"""The turn log: encoding, writing and reading of turns, replay and what-if runs."""
