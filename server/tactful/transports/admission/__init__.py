"""Admission of connections and requests: addresses, names, rate limits and memory."""
