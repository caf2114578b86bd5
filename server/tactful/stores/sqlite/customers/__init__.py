"""Export, erasure and expiry of the data of customers in a SQLite file."""
