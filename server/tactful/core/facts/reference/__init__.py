"""Reference of the facts: meanings, examples and JSON Schemas."""
