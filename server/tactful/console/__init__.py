"""Console: pages on which agents and merchandisers inspect decisions and act on them."""
