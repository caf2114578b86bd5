"""The wire: messages, codec and the rules of a connection, without I/O and without decisions."""
