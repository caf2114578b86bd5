"""Rule files: their language, checks, compilation, tools for authors and scenario tests."""
