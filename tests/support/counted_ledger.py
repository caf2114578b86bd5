"""A ledger with the failpoints that its writer has passed."""

from tactful.stores.sqlite.ledger import SqliteLedger

Counted = tuple[SqliteLedger, list[str]]
