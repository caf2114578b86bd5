"""Commands for a shop's pages: the script tag, and the check that the widget works there."""
