"""From parsed rules to the functions and data that a decision reads."""
