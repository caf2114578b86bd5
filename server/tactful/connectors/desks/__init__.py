"""Help desks: from a ticket, under a mapping file, to the fact of a support case."""
