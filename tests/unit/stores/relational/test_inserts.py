"""Inserts of many rows."""

from tactful.stores.relational.inserts import insert_into


def test_an_insert_names_its_columns_and_what_follows_a_conflict() -> None:
    made = insert_into("t", 'a text, "limit" bigint', "ON CONFLICT DO NOTHING", key_columns=1)
    assert made.columns == (("a", "text"), ('"limit"', "bigint"))
    assert made.values == 'INSERT INTO t (a, "limit") VALUES (?, ?) ON CONFLICT DO NOTHING'
    assert (made.table, made.key_columns) == ("t", 1)
