"""The cache of items and customers: what it reads, and what a fact invalidates."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from support.builders import T0, case, order, product, recall, stock
from support.naive_assembly import NaiveShop
from support.oracle.generated_worlds import BOUGHT, world
from support.reachable_text import paths_to_text
from tactful.core.customer.profile import Profile, profile
from tactful.core.customer.taint_derivation import derive_taints
from tactful.core.facts.fact_types import AnyFact, kind_of, subjects_of
from tactful.core.facts.purchases import derive_purchases
from tactful.core.rules.policy import Policy, TaintRule, TaintRules
from tactful.core.session.contact_history import ContactHistory
from tactful.runtime.facts import fact_cache, fact_reader
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, SavedContact, Subject
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger


async def world_of(told: list[tuple[AnyFact, int]]) -> tuple[FactCache, MemoryLedger]:
    ledger = MemoryLedger()
    for fact, at in told:
        await ledger.record_facts([fact_row(fact, at)])
    return FactCache(ledger), ledger


def meaning(history: Any) -> tuple[Any, Any]:
    return derive_taints(history, Policy()), derive_purchases(history)


@pytest.mark.parametrize("start", range(0, 400, 100))
async def test_a_customer_read_by_index_has_the_taints_and_purchases_of_the_naive_assembly(
    start: int,
) -> None:
    for seed in range(start, start + 100):
        told = world(seed).facts
        known, _ = await world_of(told)
        for customer in ("c1", "c2"):
            read = await known.read_history(customer)
            assert meaning(read) == meaning(NaiveShop(told).history(customer)), f"world({seed})"


async def test_an_item_read_by_index_has_the_components_and_recalls_of_the_naive_assembly() -> None:
    for seed in range(200):
        told = world(seed).facts
        known, _ = await world_of(told)
        for sku in BOUGHT:
            read, listed = await known.read_item(sku), NaiveShop(told).item(sku)
            products = [one.product.fact if one.product else None for one in (read, listed)]
            assert products[0] == products[1], f"{seed}"
            assert read.recalls == listed.recalls, f"{seed}"
            assert [one.recalls for one in read.components] == [
                one.recalls for one in listed.components
            ]


async def report(
    known: FactCache, ledger: MemoryLedger, fact: AnyFact
) -> tuple[set[str], set[str]]:
    await ledger.record_facts([fact_row(fact, 2)])
    return known.invalidate(kind_of(fact), subjects_of(fact))


async def test_a_recall_of_one_variant_reaches_the_others_and_the_bundles_they_are_in() -> None:
    catalogue = [
        product("RUN-42", "run"),
        product("RUN-43", "run"),
        product("BOOT-42", "boot"),
        product("SET-1", "set", components=("RUN-42",)),
    ]
    known, ledger = await world_of([(one, 1) for one in catalogue])
    await known.load(["RUN-42", "BOOT-42", "SET-1"], [])
    skus, _ = await report(known, ledger, recall(skus=("RUN-43",)))
    assert skus == {"RUN-42", "RUN-43", "SET-1"}
    assert (await known.read_item("RUN-42")).recalls == ("x1",)


async def test_a_recall_of_a_product_reaches_the_bundles_that_it_is_part_of() -> None:
    catalogue = [product("SOCK-3", "sock"), product("SET-1", "set", components=("SOCK-3",))]
    known, ledger = await world_of([(one, 1) for one in catalogue])
    await known.load(["SET-1"], [])
    skus, _ = await report(known, ledger, recall(product="sock"))
    assert skus == {"SET-1"}
    assert known.item("SET-1") is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (order("o1", "RUN-42"), case(customer="c9", order="o1")),
        (case(status="merged", merged_into="k2"), case("k2", customer="c9")),
        (case(order="o9"), order("o9", "RUN-42", customer="c9")),
    ],
    ids=[
        "another customer's case about my order",
        "the case mine became part of",
        "the order it names",
    ],
)
async def test_a_fact_of_another_customer_invalidates_the_customers_linked_to_it(
    first: AnyFact, then: AnyFact
) -> None:
    known, ledger = await world_of([(first, 1)])
    await known.load([], ["c1"])
    _, customers = await report(known, ledger, then)
    assert "c1" in customers
    assert then in [one.fact for one in _all(await known.read_history("c1"))]


def _all(history: Any) -> list[Any]:
    return [*history.orders, *history.cases]


async def test_concurrent_loads_share_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    known, ledger = await world_of([(product("RUN-42", "run"), 1)])
    reads: list[object] = []
    facts_about = ledger.facts_about

    async def counting(*asked: Any) -> Any:
        reads.append(asked)
        return await facts_about(*asked)

    monkeypatch.setattr(ledger, "facts_about", counting)
    await asyncio.gather(*(known.load(["RUN-42"], []) for _ in range(5)))
    alone = len(reads)
    assert known.item("RUN-42") is not None
    await known.load(["RUN-42"], [])
    assert len(reads) == alone


async def test_a_fact_that_comes_during_a_read_is_read_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known, ledger = await world_of([(stock("RUN-42", 5), 1)])
    facts_about = ledger.facts_about

    async def interrupted(*asked: Any) -> Any:
        found = await facts_about(*asked)
        monkeypatch.setattr(ledger, "facts_about", facts_about)
        await report(known, ledger, stock("RUN-42", 0))
        return found

    monkeypatch.setattr(ledger, "facts_about", interrupted)
    await known.load(["RUN-42"], [])
    item = known.item("RUN-42")
    assert item is not None
    assert item.available("DE") == 0


async def test_a_recall_of_a_component_that_comes_while_its_bundle_is_read_is_read_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [product("SOCK-3", "sock"), product("SET-1", "set", components=("SOCK-3",))]
    known, ledger = await world_of([(one, 1) for one in told])
    facts_about = ledger.facts_about
    asked: list[object] = []

    async def interrupted(subjects: Any, *rest: Any) -> Any:
        found = await facts_about(subjects, *rest)
        asked.append(subjects)
        if len(asked) == 6:  # the recalls of the component are read
            await report(known, ledger, recall(product="sock"))
        return found

    monkeypatch.setattr(ledger, "facts_about", interrupted)
    await known.load(["SET-1"], [])
    item = known.item("SET-1")
    assert item is not None
    assert item.components[0].recalls == ("x1",)


async def test_a_product_of_a_component_that_nobody_had_reported_reaches_the_customers() -> None:
    told: list[AnyFact] = [order("o1", "SET-1"), product("SET-1", "set", components=("SOCK-3",))]
    known, ledger = await world_of([(one, 1) for one in told])
    await known.load([], ["c1"])
    _, customers = await report(known, ledger, product("SOCK-3", "sock"))
    assert customers == {"c1"}


async def test_the_oldest_entries_are_dropped_beyond_the_limits() -> None:
    ledger = MemoryLedger()
    known = FactCache(ledger, items=2, customers=2)
    for sku, customer in (("A", "c1"), ("B", "c2"), ("C", "c3")):
        await known.load([sku], [customer])
    assert sum(known.item(sku) is not None for sku in "ABC") == 2
    assert sum(known.customer(one) is not None for one in ("c1", "c2", "c3")) == 2


async def test_a_profile_follows_the_policy_and_the_contact_history() -> None:
    known, _ = await world_of([(case(skus=("RUN-42",)), 1), (product("RUN-42", "run"), 1)])
    assert known.customer("c1") is None
    await known.load([], ["c1"])
    found = known.customer("c1")
    assert found is not None
    assert list(found.taints.products) == ["run"]
    contact = ContactHistory()
    known.set_contact("c1", contact)
    assert (changed := known.customer("c1")) is not None
    assert changed.contact is contact
    known.use_policy(Policy(taints=TaintRules(defect=TaintRule("shop", 1))))
    assert (strict := known.customer("c1")) is not None
    assert strict.taints.shop


@pytest.mark.parametrize("changed", ["nothing", "policy", "history"])
async def test_the_profile_of_a_customer_with_many_facts_is_derived_before_a_turn_needs_it(
    monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    monkeypatch.setattr(fact_cache, "MANY_FACTS", 0)
    monkeypatch.setattr(fact_reader, "MANY_FACTS", 0)
    cache, _ = await world_of([(order(), T0), (case(), T0)])
    threads: list[int] = []

    def noted(*inputs: Any) -> Profile:
        threads.append(threading.get_ident())
        match changed:
            case "policy":
                cache.policy = Policy(bad_rating=1)
            case "history":
                cache.invalidate_customer("c1")
        return profile(*inputs)

    monkeypatch.setattr(fact_cache, "profile", noted)
    await cache.load([], ["c1"])
    assert (threading.get_ident() in threads, "c1" in cache._profiles) == (
        False,
        changed == "nothing",
    )
    if changed == "nothing":
        known = cache.customer("c1")
        assert known is not None
        assert known == profile(known.history, cache.policy, known.contact)
        assert len(threads) == 1


async def test_an_erased_customer_leaves_nothing_in_memory() -> None:
    known, _ = await world_of([(order("o1", "RUN-42"), 1)])
    await known.load([], ["c1"])
    await known.erase_customer(await known.read_history("c1"))
    assert known.customer("c1") is None
    assert paths_to_text(known._mentions, "c1") == []


async def test_the_facts_of_an_erased_customer_are_dropped_in_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache, _ = await world_of([(order(f"o{number}"), T0) for number in range(5)])
    await cache.load([], ["c1"])
    known = cache.customer("c1")
    assert known is not None
    dropped: list[str] = []
    invalidate = cache.invalidate
    monkeypatch.setattr(fact_cache, "ERASED_AT_ONCE", 2)

    def noted(kind: str, subjects: Iterable[Subject]) -> tuple[set[str], set[str]]:
        dropped.append(kind)
        return invalidate(kind, subjects)

    monkeypatch.setattr(cache, "invalidate", noted)
    erasing = asyncio.ensure_future(cache.erase_customer(known.history))
    seen = []
    while not erasing.done():
        await asyncio.sleep(0)
        seen.append(len(dropped))
    assert {2, 4, 5} <= {*seen}
    assert cache.customer("c1") is None


async def test_a_customer_who_is_read_while_they_are_erased_leaves_nothing_in_memory() -> None:
    """The read began before the erasure, so it may hold what the ledger does not have any more."""
    reading, release = asyncio.Event(), asyncio.Event()

    class Slow(MemoryLedger):
        async def contact(self, shopper: str) -> SavedContact | None:
            reading.set()
            await release.wait()
            return await super().contact(shopper)

    ledger = Slow()
    known = FactCache(ledger)
    history = await known.read_history("c1")
    loading = asyncio.ensure_future(known.load([], ["c1"]))
    await reading.wait()
    erasing = asyncio.ensure_future(known.erase_customer(history))
    release.set()
    await asyncio.gather(loading, erasing)
    assert known.customer("c1") is None
    assert known._contacts == {}


async def test_a_caller_that_needs_more_entries_than_fit_finds_all_of_them_in_memory() -> None:
    known = FactCache(MemoryLedger(), items=2, customers=2)
    skus, customers = [f"S{number}" for number in range(9)], [f"c{number}" for number in range(9)]
    await known.load(skus, customers)
    assert all(known.item(sku) for sku in skus)
    assert all(known.customer(one) for one in customers)


async def test_callers_that_together_need_more_entries_than_fit_do_not_evict_one_anothers() -> None:
    known = FactCache(MemoryLedger(), items=4)
    found: list[bool] = []

    async def wait(caller: int) -> None:
        skus = [f"{caller}-{number}" for number in range(4)]
        await known.load(skus, [])
        found.append(all(known.item(sku) for sku in skus))

    await asyncio.gather(*[wait(caller) for caller in range(50)])
    assert found == [True] * 50
    await known.load(["last"], [])
    assert known.table_sizes()["items"] == (4, 4)


async def test_an_item_on_offer_stays_so_that_a_recall_of_its_product_finds_it() -> None:
    ledger = MemoryLedger()
    for one in (product("A", "of A"), product("B", "of B"), product("C", "of C")):
        await ledger.record_facts([fact_row(one, 0)])
    known = FactCache(ledger, items=1, concerns_offer={("sku", "A")}.__contains__)
    for sku in ("A", "B", "C"):
        await known.load([sku], [])
    assert [sku for sku in ("A", "B", "C") if known.item(sku)] == ["A", "C"]
    assert known.invalidate("recall", [("product", "of A")]) == ({"A"}, set())


async def test_entries_on_offer_are_passed_over_in_turns_and_the_others_keep_to_the_bound() -> None:
    on_offer = {("sku", f"offer-{number}") for number in range(200)}
    known = FactCache(MemoryLedger(), items=3, concerns_offer=on_offer.__contains__)
    await known.load([sku for _, sku in on_offer], [])
    for number in range(20):
        await known.load([f"other-{number}"], [])
    assert all(known.item(sku) for _, sku in on_offer)
    for number in range(20, 40):
        await known.load([f"other-{number}"], [])
    others = [number for number in range(40) if known.item(f"other-{number}")]
    assert len(others) <= 5


async def test_contact_histories_are_evicted_and_read_again_with_their_revision() -> None:
    ledger = MemoryLedger()
    write = ContactWrite(0, msgspec.msgpack.encode(ContactHistory(quiet_until=7)))
    await ledger.commit(Commit(contacts={"c0": write}))
    known = FactCache(ledger, customers=2)
    for number in range(9):
        await known.load([], [f"c{number}"])
    assert known.customers() == {"c7", "c8"}
    # A commit that fails now must not leave a revision of its own.
    known.uncount_contact_write("c0")
    assert known.contact_revision("c0") == 0
    await known.load([], ["c0"])
    profile = known.customer("c0")
    assert profile is not None
    assert profile.contact.quiet_until == 7
    assert known.contact_revision("c0") == 1


async def test_an_evicted_bundle_leaves_no_trace_in_the_indexes() -> None:
    catalogue = [
        product("SOCK-3", "sock"),
        product("SOCK-4", "sock"),
        product("SET-1", "set", components=("SOCK-3",)),
        product("HAT", "hat"),
    ]
    known, ledger = await world_of([(one, 1) for one in catalogue])
    small = FactCache(ledger, items=1)
    await small.load(["SET-1"], [])
    await small.load(["HAT"], [])
    await known.load(["HAT"], [])
    assert small._mentions == known._mentions


async def test_the_catalogue_holds_what_was_stored_before_and_what_is_reported_later() -> None:
    known, ledger = await world_of([(product("RUN-42", "run"), 1), (order("o1", "BOOT-42"), 1)])
    await known.read_catalogue()
    assert known.known_skus.may_exist("RUN-42")
    assert not known.known_skus.may_exist("BOOT-42")
    await report(known, ledger, stock("HAT", 5))
    assert known.known_skus.may_exist("HAT")
