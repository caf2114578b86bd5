"""The rule language: from YAML text to compiled rules. Pure."""
