"""Which SKUs may exist, and what a cart keeps of those that do not."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.session.signals import CartLine
from tactful.runtime.facts import known_skus
from tactful.runtime.facts.known_skus import UNKNOWN_CART_LINES, KnownSkus
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.stores.memory.ledger import MemoryLedger


class UnreadableLedger(MemoryLedger):
    """A ledger whose catalogue cannot be read."""

    async def known_skus(self, after: str, limit: int) -> list[str]:
        """Fail."""
        raise LedgerError(f"no page of {limit} SKUs after {after!r}")


async def read(known: KnownSkus, *skus: str) -> None:
    ledger = MemoryLedger()
    await ledger.record_facts(
        [
            FactRow(kind="stock", key=sku, version=None, subjects=(("sku", sku),), body=b"{}", at=1)
            for sku in skus
        ]
    )
    await known.read(ledger)


def catalogue(*skus: str) -> KnownSkus:
    known = KnownSkus()
    asyncio.run(read(known, *skus))
    return known


def test_every_sku_may_exist_until_the_catalogue_is_read() -> None:
    known = KnownSkus()
    known.add("HAT")
    assert known.may_exist("RUN-42")
    assert known.bounded_cart(lines := (CartLine("RUN-42", 1),)) is lines


async def test_the_first_question_requests_the_catalogue_and_the_others_wait_for_it() -> None:
    known, requests = KnownSkus(), list[str]()
    known.read_when_needed(lambda: requests.append("read"))
    assert requests == []
    known.may_exist("RUN-42")
    known.bounded_cart((CartLine("HAT", 1),))
    assert requests == ["read"]
    await read(known, "RUN-42")
    assert not known.may_exist("HAT")
    assert requests == ["read"]


async def test_a_failed_read_leaves_the_catalogue_open_and_is_requested_again() -> None:
    known, requests = KnownSkus(), list[str]()
    known.read_when_needed(lambda: requests.append("read"))
    known.may_exist("RUN-42")
    with pytest.raises(LedgerError):
        await known.read(UnreadableLedger())
    assert known.may_exist("RUN-42")
    assert requests == ["read", "read"]


async def test_all_pages_of_a_large_catalogue_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_skus, "PAGE", 2)
    known = KnownSkus()
    await read(known, "A", "B", "C", "D", "E")
    assert len(known) == 5


async def test_an_sku_added_while_the_catalogue_is_read_stays() -> None:
    known = KnownSkus()
    known.add("HAT")
    await read(known, "RUN-42")
    assert known.may_exist("HAT")
    assert len(known) == 2


@given(st.lists(st.sampled_from(["RUN-42", "HAT", "x1", "x2", "x3"]), max_size=200))
def test_a_cart_keeps_its_order_every_known_line_and_the_first_unknown_ones(
    skus: list[str],
) -> None:
    lines = tuple(CartLine(sku, number + 1) for number, sku in enumerate(skus))
    kept = catalogue("RUN-42", "HAT").bounded_cart(lines)
    assert list(kept) == sorted(kept, key=lambda line: line.qty)
    assert [one for one in kept if one.sku in {"RUN-42", "HAT"}] == [
        one for one in lines if one.sku in {"RUN-42", "HAT"}
    ]
    unknown = [one for one in lines if one.sku not in {"RUN-42", "HAT"}]
    assert [one for one in kept if one in unknown] == unknown[:UNKNOWN_CART_LINES]


def test_carts_share_the_strings_of_the_catalogue() -> None:
    known = catalogue("RUN-42")
    named = json.loads(b'"RUN-42"')
    (first,) = known.bounded_cart((CartLine(named, 1),))
    (second,) = known.bounded_cart((CartLine(json.loads(b'"RUN-42"'), 1),))
    assert first.sku is second.sku
