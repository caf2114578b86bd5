"""Commands on a shop's data: facts, customers, keys, ledger files and explanations."""
