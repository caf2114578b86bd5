"""The single writer of a database: its queue, its lanes and its thread."""
