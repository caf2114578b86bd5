"""Gates: the checks that can withhold an offer, in the order of `pipeline`."""
