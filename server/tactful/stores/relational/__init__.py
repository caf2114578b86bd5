"""What the ledgers on a database share: statements, judgement and the writer."""
