"""Export, erasure and expiry of the data of customers."""
