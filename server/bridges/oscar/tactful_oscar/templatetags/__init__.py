"""Tags for the templates of a shop."""
