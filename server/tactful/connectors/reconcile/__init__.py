"""Lists of other systems: read at the start, then again, and compared with the facts."""
