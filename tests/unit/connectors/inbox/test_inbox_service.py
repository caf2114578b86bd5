"""The parts of an inbox joined: with an address and a key, objects can be fetched."""

from types import SimpleNamespace
from typing import Any

import pytest

from support.deliveries import TERMS
from support.inbox import SettableClock
from tactful.connectors.inbox.inbox_service import InboxService, install
from tactful.connectors.registry import connector_of
from tactful.stores.memory.ledger import MemoryLedger

WOO = connector_of("woocommerce")


@pytest.mark.parametrize(
    ("address", "key", "reads"),
    [
        ("https://shop.example", "ck:cs", True),
        ("https://shop.example", None, False),
        (None, "a:b", False),
    ],
)
def test_a_system_is_read_with_an_address_and_a_key(
    address: str | None, key: str | None, reads: bool
) -> None:
    made = install("shop", WOO, secret="hush", terms=TERMS, address=address, key=key)
    assert (made.remote is not None) is reads


def test_a_key_of_another_form_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="user:password"):
        install("shop", WOO, secret="hush", terms=TERMS, address="https://a.example", key="ck")


def test_alerts_name_what_grows_and_what_lasts() -> None:
    made = install("shop", WOO, secret="hush", terms=TERMS)
    store = MemoryLedger()
    ingest: Any = SimpleNamespace()
    service = InboxService(
        [made], inbox=store, facts=store, ingest=ingest, clock=SettableClock(), contact_key=b"k"
    )
    assert list(service.causes()) == []
    made.failed, made.fetch_problem = 2, "no answer"
    made.receipts["forged"] = 1
    kinds = {(one.kind, one.subject): one.evidence for one in service.causes()}
    assert kinds == {
        ("deliveries.failed", "shop"): {"deliveries": 2},
        ("deliveries.forged", "shop"): {"deliveries": 1},
        ("connector.unreadable", "shop"): {"message": "no answer"},
    }
    assert [one.kind for one in service.causes()] == ["connector.unreadable"]
