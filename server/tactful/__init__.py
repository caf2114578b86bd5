"""Price offers with tact."""
