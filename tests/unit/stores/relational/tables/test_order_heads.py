"""Heads of orders."""

from contextlib import closing
from pathlib import Path

import pytest

from support.bare_shop import NOON
from support.builders import order, stock
from tactful.core.facts.fact_types import AnyFact, ms
from tactful.runtime.services.ingest import fact_row
from tactful.stores.relational.tables.order_heads import (
    NEXT_HEADS,
    NEXT_WITHOUT_HEAD,
    NO_HEAD,
    OrderHead,
    head_of,
)
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


def head(fact: AnyFact) -> OrderHead:
    return head_of(fact_row(fact, NOON), "~{:0>40}".format)


def test_a_head_has_the_instant_the_beginning_of_the_buyers_name_and_the_session() -> None:
    placed = order("o1", customer="c1", session="se_1.3")
    assert head(placed) == (ms(placed.placed_at), "~" + 15 * "0", "se_1")


def test_a_head_of_an_order_of_nobody_has_an_instant_only() -> None:
    placed = order("o1", customer=None)
    assert head(placed) == (ms(placed.placed_at), None, None)


def test_other_facts_have_no_head() -> None:
    assert head(stock()) == NO_HEAD


@pytest.mark.parametrize(
    ("sql", "values"), [(NEXT_HEADS, (0, "", 9, 9)), (NEXT_WITHOUT_HEAD, ("", 9))]
)
async def test_sqlite_reads_heads_in_their_order_from_the_index(
    tmp_path: Path, sql: str, values: tuple[object, ...]
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    with closing(connect(ledger.path)) as connection:
        plan = " ".join(
            str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        )
    await ledger.close()
    assert "INDEX facts_by_order" in plan
    assert "TEMP B-TREE" not in plan
    assert ("COVERING" in plan) == (sql == NEXT_HEADS)
