"""Console: pages on which support agents and merchandisers inspect decisions and act on them."""
