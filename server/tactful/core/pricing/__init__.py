"""Price quotes, and what an offer is worth."""
