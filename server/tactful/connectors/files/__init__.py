"""Readers that turn files and feeds into facts, row by row.

A reader receives a `ByteSource` and `ImportTerms`, and yields one `Row` after the other: a
`FoundFact`, a `BadRow` or a `SkippedRow`, each with its line. It raises nothing for a bad row, so that
one run finds all of them. `formats.FORMATS` lists the readers.
"""
