"""The wire protocol: messages, codec and connection rules, without I/O or decisions."""
