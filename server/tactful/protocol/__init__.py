"""The wire: messages, codec and connection rules, sans-I/O. Knows nothing of the decision."""
