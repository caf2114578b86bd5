"""turn_log."""
