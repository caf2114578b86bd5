"""Tables of the bridge."""
