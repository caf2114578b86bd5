"""The wire: messages, codec and connection rules, without I/O and without decisions."""
