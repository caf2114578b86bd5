"""The tombstones in memory: what they let in, and what begins an id anew."""

from typing import Any

import msgspec

from journeys.fixture import order
from support.builders import offer, session
from tactful.core.facts.fact_codec import FactRejection, decode
from tactful.core.facts.fact_types import AnyFact
from tactful.core.session.session import BoughtProduct
from tactful.core.values.calendar import DAY
from tactful.runtime.state.erased_customers import ErasedCustomers
from tactful.stores.memory.ledger import MemoryLedger

NOON = 1_773_144_000_000
"""2026-03-10T12:00:00Z"""
BEFORE, AFTER = "2026-03-10T11:00:00Z", "2026-03-10T13:00:00Z"


def placed(at: str) -> AnyFact:
    return read({**order("o1", "c1", "RUN-42"), "placed_at": at, "delivered_at": None})


def read(body: dict[str, Any]) -> AnyFact:
    fact = decode(msgspec.json.encode(body))
    assert not isinstance(fact, FactRejection)
    return fact


def buried(ledger: MemoryLedger | None = None) -> ErasedCustomers:
    erased = ErasedCustomers(ledger or MemoryLedger())
    erased.bury("c1", "sh_1", NOON)
    return erased


def test_without_erasures_everything_is_let_in() -> None:
    erased = ErasedCustomers(MemoryLedger())
    assert not erased.is_erased("c1")
    assert erased.erased_subject_of(placed(BEFORE)) is None
    mine = session(customer="c1")
    assert erased.session_without_erased(mine) is mine
    erased.note_stored(placed(AFTER))


def test_only_what_happened_after_the_erasure_begins_the_id_anew() -> None:
    erased = buried()
    assert not erased.follows_erasure("c1", None)
    assert not erased.follows_erasure("c1", NOON)
    assert erased.follows_erasure("c1", NOON + 1)
    assert not erased.follows_erasure("c2", NOON + 1)
    (digest,) = erased._tombstones
    erased.learn_begun(digest, NOON)
    assert erased.is_erased("c1")
    erased.learn_begun("~unknown", NOON + 1)
    erased.learn_begun(digest, NOON + 1)
    assert not erased.is_erased("c1")


def test_a_fact_that_happened_later_begins_the_id_anew_once_it_is_stored() -> None:
    erased = buried()
    tier = read({"type": "customer", "customer": "c1", "tier": "gold"})
    assert erased.erased_subject_of(tier) == ("customer", "c1")
    assert erased.erased_subject_of(placed(AFTER)) is None
    assert erased.is_erased("c1")
    assert erased.may_begin_anew([("sku", "A"), ("customer", "c1")])
    assert not erased.may_begin_anew([("sku", "A")])
    erased.note_stored(tier)
    assert erased.is_erased("c1")
    erased.note_stored(placed(AFTER))
    assert not erased.is_erased("c1")
    assert erased.erased_subject_of(tier) is None
    assert erased.erased_subject_of(placed(BEFORE)) == ("customer", "c1")


async def test_a_restart_knows_the_same_tombstones() -> None:
    ledger = MemoryLedger()
    await ledger.erase_customer("c1", "sh_1", NOON)
    erased = ErasedCustomers(ledger)
    await erased.start()
    assert erased.is_erased("c1")
    assert await ledger.begin_anew("customer", "c1", NOON + DAY)
    await erased.start()
    assert not erased.is_erased("c1")


def test_a_session_that_was_read_before_the_erasure_continues_anonymously() -> None:
    erased = buried()
    known = session(
        customer="c1",
        offers=(offer(customer="c1"),),
        parked=(offer("of2", customer="c2"),),
        bought=(BoughtProduct("run", NOON, "o1"),),
    )
    left = erased.session_without_erased(known)
    assert (left.customer, left.shopper) == (None, "sh_1")
    assert left.offers[0].customer == left.bought[0].order == "sh_1"
    assert left.parked == known.parked
    shared = session(customer="c2", parked=(offer(customer="c1"),))
    left = erased.session_without_erased(shared)
    assert (left.customer, left.parked[0].customer) == ("c2", "sh_1")
    assert erased.offer_without_erased(offer(customer="c1")).customer == "sh_1"
