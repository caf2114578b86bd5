"""The single writer of a SQLite file: its queue, its thread and its checkpoints."""
