"""A session's life and its turns, from the connection to the delivery."""
