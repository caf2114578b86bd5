"""Parts that all ledgers share, so that they cannot differ in what they decide."""
