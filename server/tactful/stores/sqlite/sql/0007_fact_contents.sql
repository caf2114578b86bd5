-- Digests of the contents that were accepted under the highest versions of each fact. A repeated
-- content is recognised by them. NULL: not recorded, as in a ledger of version 0.1.0.
-- Compatible since: 6

ALTER TABLE facts ADD COLUMN contents BLOB;
