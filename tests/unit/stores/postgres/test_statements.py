"""Statements of the shared modules as PostgreSQL takes them."""

import pytest

from tactful.stores.postgres.statements import bulk_insert, statement
from tactful.stores.relational.inserts import insert_into


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT a FROM t WHERE b = ? AND c = '?'", "SELECT a FROM t WHERE b = %s AND c = '?'"),
        ("SELECT :one || x'' FROM t", "SELECT %(one)s || ''::bytea FROM t"),
        ("SELECT '50%'", "SELECT '50%%'"),
        (
            "SELECT value FROM json_each(?)",
            "SELECT value FROM json_array_elements_text((%s)::json)",
        ),
        ("j.value ->> 0", "(j.value::json ->> 0)"),
        ("CAST(o.body AS TEXT) ->> 'sku'", "convert_from(o.body, 'UTF8')::json ->> 'sku'"),
        ("t INDEXED BY i WHERE lower(:a)", 't WHERE lower((%(a)s) COLLATE "C")'),
        ("a CROSS JOIN b ON a.x = b.x", "a JOIN b ON a.x = b.x"),
        ("SELECT json_group_array(id)", "SELECT coalesce(json_agg(id), '[]')::text"),
    ],
)
def test_a_statement_gets_the_form_of_postgres(sql: str, text: str) -> None:
    assert statement(sql).text == text


def test_only_a_statement_that_changes_nothing_is_a_read() -> None:
    assert statement("  SELECT 1").is_read
    assert statement("WITH a AS (SELECT 1) SELECT * FROM a").is_read
    assert not statement("UPDATE t SET a = 1").is_read


def test_an_insert_takes_one_array_for_each_column() -> None:
    insert = insert_into("t", "a text, b bigint", "ON CONFLICT DO NOTHING")
    assert bulk_insert(insert) == (
        "INSERT INTO t (a, b) SELECT * FROM unnest(%b::text[], %b::bigint[]) ON CONFLICT DO NOTHING"
    )
