"""The contract of `FactStore`: versions of facts, past points and heartbeats."""

import itertools
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from support import builders
from support.ledger_rows import T0, AnyLedger, fact, stock
from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.ports.fact_store import BUYER_CHARACTERS, NamedKind
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger


async def in_force(ledger: AnyLedger, at: int | None = None) -> list[object]:
    found = await ledger.facts_about([("sku", "RUN-42")], at=at)
    return [msgspec.json.decode(one.body)["available"] for one in found]


def priced(version: int, at: int = T0, *, dated: bool = True) -> FactRow:
    row = fact("price", "RUN-42|DE", version, at=at, amount=version)
    return structs.replace(row, dated=dated)


async def versions(ledger: AnyLedger) -> list[bytes]:
    return sorted(one.body for one in await ledger.fact_versions("price", "RUN-42|DE"))


FEED = [
    fact("stock", f"S{key}|DE|", version, subjects=(("sku", f"S{key}"),), available=version)
    for key in range(4)
    for version in range(1, 6)
]


ACCEPTED, UNCHANGED, IGNORED = FactOutcome.ACCEPTED, FactOutcome.UNCHANGED, FactOutcome.IGNORED


def reported(available: int, version: int | datetime | None = None, at: int = T0) -> FactRow:
    """A stock fact as a shop reports it."""
    return fact_row(builders.stock(available=available, version=version), at)


async def test_a_higher_version_supersedes_and_a_known_or_older_one_is_ignored(
    ledger: AnyLedger,
) -> None:
    rows = [stock(5, 11), stock(0, 12), stock(5, 11), stock(0, 12), stock(7, 13)]
    outcomes = [ACCEPTED, ACCEPTED, IGNORED, IGNORED, ACCEPTED]
    assert await ledger.record_facts(rows) == outcomes
    assert await in_force(ledger) == [7]


async def test_a_fact_without_a_version_is_newer_than_any(ledger: AnyLedger) -> None:
    assert await ledger.record_facts([stock(5, 11), stock(4, None)]) == [ACCEPTED] * 2
    assert await in_force(ledger) == [4]


async def test_versions_are_compared_only_with_the_highest_of_their_kind(ledger: AnyLedger) -> None:
    rows = [
        fact(version=7, available=1),
        fact(version=("time", T0), available=2),
        fact(version=6, available=3),
        fact(version=("time", T0 - 1), available=4),
        fact(version=8, available=5),
    ]
    outcomes = [ACCEPTED, ACCEPTED, IGNORED, IGNORED, ACCEPTED]
    assert await ledger.record_facts(rows) == outcomes


async def test_another_content_under_an_equal_version_is_accepted_and_a_repeated_one_ignored(
    ledger: AnyLedger,
) -> None:
    rows = [reported(5, 7), reported(4, 7), reported(5, 7), reported(4, 7), reported(3, 7)]
    outcomes = [ACCEPTED, ACCEPTED, IGNORED, IGNORED, ACCEPTED]
    for row, outcome in zip(rows, outcomes, strict=True):
        assert await ledger.record_facts([row]) == [outcome]
    assert await in_force(ledger) == [3]
    assert await ledger.record_facts([reported(5, 8)]) == [ACCEPTED]
    assert await ledger.record_facts([reported(4, 8)]) == [ACCEPTED]


async def test_states_of_an_order_under_one_version_are_accepted_and_never_go_back(
    ledger: AnyLedger,
) -> None:
    states = ("placed", "shipped", "delivered", "shipped", "placed")
    orders = [fact_row(builders.order(status=state, version=3), T0) for state in states]
    assert await ledger.record_facts(orders) == [ACCEPTED] * 3 + [IGNORED] * 2
    edited = builders.order("o1", "A", status="placed", version=3)
    assert await ledger.record_facts([fact_row(edited, T0)]) == [IGNORED]


async def test_an_unchanged_content_is_stored_once_with_its_highest_version(
    ledger: AnyLedger,
) -> None:
    told = [reported(5, 1), reported(5, 3), reported(5, None, T0 + 5), reported(4, 2)]
    outcomes = [ACCEPTED, UNCHANGED, UNCHANGED, IGNORED]
    assert await ledger.record_facts(told) == outcomes
    (kept,) = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert msgspec.json.decode(kept.body)["version"] == 3
    assert (kept.at, kept.ended) == (T0, None)
    assert await ledger.newest_fact() == kept.number
    # An instant before the unchanged report is older than that report.
    before = datetime.fromtimestamp(T0 / 1000, UTC)
    assert await ledger.record_facts([reported(6, before, T0 + 9)]) == [IGNORED]


async def test_an_unchanged_fact_with_other_subjects_is_a_new_version(ledger: AnyLedger) -> None:
    row = reported(5)
    wider = structs.replace(row, subjects=(*row.subjects, ("location", "berlin")))
    assert await ledger.record_facts([row, wider]) == [ACCEPTED] * 2
    assert len(await ledger.facts_about([("location", "berlin")])) == 1


async def test_a_past_instant_shows_the_version_that_was_in_force_then(ledger: AnyLedger) -> None:
    await ledger.record_facts([stock(5, 1, at=T0)])
    await ledger.record_facts([stock(0, 2, at=T0 + 100)])
    assert await in_force(ledger, T0 - 1) == []
    assert await in_force(ledger, T0) == [5]
    assert await in_force(ledger, T0 + 99) == [5]
    assert await in_force(ledger, T0 + 100) == [0]


async def test_on_a_clock_that_stands_still_the_last_report_of_an_instant_is_in_force(
    ledger: AnyLedger,
) -> None:
    await ledger.record_facts([stock(5, 1), stock(4, 2), stock(3, 3)])
    assert await in_force(ledger, T0) == [3]
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, T0), (T0, None)]


async def test_a_clock_that_jumps_back_leaves_no_instant_without_a_version(
    ledger: AnyLedger,
) -> None:
    await ledger.record_facts([stock(5, 1, at=T0), stock(4, 2, at=T0 - 3_600_000)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, None)]


async def test_the_number_of_a_fact_separates_states_within_one_instant(ledger: AnyLedger) -> None:
    assert await ledger.newest_fact() == 0
    await ledger.record_facts([stock(5, 1), fact("cost", "c", 1), stock(4, 2)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [one.number for one in kept] == [1, 3]
    assert await ledger.newest_fact() == 3
    for upto, known in ((0, []), (1, [5]), (2, [5]), (3, [4]), (9, [4])):
        found = await ledger.facts_about([("sku", "RUN-42")], ("stock",), upto=upto)
        assert [msgspec.json.decode(one.body)["available"] for one in found] == known


async def test_the_known_skus_are_those_that_a_fact_is_about(ledger: AnyLedger) -> None:
    assert await ledger.known_skus("", 9) == []
    await ledger.record_facts(
        [stock(5, 1), stock(4, 2), fact("order", "o1", 1, subjects=(("order", "o1"),))]
    )
    assert await ledger.known_skus("", 9) == ["RUN-42"]


async def test_the_known_skus_are_listed_once_and_page_by_page(ledger: AnyLedger) -> None:
    skus = ["B", "A", "a", "Ä", "A%"]
    await ledger.record_facts(
        [fact(kind, sku, 1, subjects=(("sku", sku),)) for sku in skus for kind in ("price", "cost")]
    )
    found, after = list[str](), ""
    while page := await ledger.known_skus(after, 2):
        assert len(page) <= 2
        found += page
        after = page[-1]
    assert found == ["A", "A%", "B", "a", "Ä"]


async def test_the_facts_in_force_of_a_kind_are_listed_in_order_of_their_keys(
    ledger: AnyLedger,
) -> None:
    rows = [fact("stock", key, 1, at=T0, available=1) for key in ("c", "a", "b")]
    newer = fact("stock", "b", 2, at=T0 + 1, available=2)
    await ledger.record_facts([*rows, newer, fact("price", "a", 1, amount=1)])
    first = await ledger.facts_of_kind("stock", "", 2)
    assert [(one.key, one.at) for one in first] == [("a", T0), ("b", T0 + 1)]
    assert [one.key for one in await ledger.facts_of_kind("stock", "b", 2)] == ["c"]
    assert await ledger.facts_with_keys("stock", ["b", "a", "none"]) == first
    assert await ledger.facts_with_keys("price", ["b"]) == []


async def test_products_and_customers_are_found_by_the_beginning_of_their_names(
    ledger: AnyLedger,
) -> None:
    def product(sku: str, title: str, version: int = 1) -> FactRow:
        return fact("product", sku, version, at=T0 + version, title=title)

    await ledger.record_facts([
        product("A", "Dune Sandal"), product("B", "dune boot"), product("C", "Old"),
        product("C", "Dünen", 2), product("D", "du%e"),
        fact("customer", "c1", 1, name="Dune, Mia"), fact("customer", "c2", 1),
    ])  # fmt: skip

    async def found(kind: NamedKind, beginning: str, limit: int = 9) -> list[str]:
        return [one.key for one in await ledger.facts_named(kind, beginning, limit)]

    assert await found("product", "dune") == await found("product", "DUNE") == ["B", "A"]
    assert await found("product", "d", 2) == ["D", "B"]
    assert await found("product", "dün") == ["C"]
    assert await found("product", "old") == []
    assert await found("product", "du%") == ["D"]
    assert await found("product", "sandal") == []
    assert await found("customer", "dune") == ["c1"]


async def test_a_fact_is_found_under_the_subjects_of_the_version_in_force_only(
    ledger: AnyLedger,
) -> None:
    await ledger.record_facts([
        fact("product", "S", 1, subjects=(("sku", "S"), ("product", "old")), at=T0),
        fact("product", "S", 2, subjects=(("sku", "S"), ("product", "new")), at=T0 + 10),
    ])  # fmt: skip
    assert not await ledger.facts_about([("product", "old")])
    assert len(await ledger.facts_about([("product", "old")], at=T0)) == 1
    assert len(await ledger.facts_about([("product", "new")])) == 1
    assert not await ledger.facts_about([("product", "new")], at=T0)


async def test_a_fact_found_under_several_subjects_is_returned_once(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact("case", "k1", subjects=(("customer", "a"), ("customer", "b")))])
    assert len(await ledger.facts_about([("customer", "a"), ("customer", "b")])) == 1


async def test_facts_are_filtered_by_kind(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact("stock", "a"), fact("price", "b"), fact("cost", "c")])
    found = await ledger.facts_about([("sku", "RUN-42")], ["price", "cost"])
    assert [one.kind for one in found] == ["cost", "price"]


@pytest.mark.thorough
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.permutations(FEED * 2), second=st.permutations(FEED * 2))
async def test_a_feed_replayed_twice_and_shuffled_ends_in_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, first: list[FactRow], second: list[FactRow]
) -> None:
    digests = set()
    for feed, made in (
        (FEED, MemoryLedger()),
        (first, MemoryLedger()),
        (second, SqliteLedger(tmp_path_factory.mktemp("replay") / "tactful.db")),
    ):
        await made.open()
        for start in range(0, len(feed), 9):
            await made.record_facts(feed[start : start + 9])
        digests.add(await made.state_digest())
        await made.close()
    assert len(digests) == 1


async def test_different_states_have_different_digests(ledger: AnyLedger) -> None:
    empty = await ledger.state_digest()
    await ledger.record_facts([stock(5, 1)])
    one = await ledger.state_digest()
    await ledger.record_facts([stock(4, 2)])
    assert len({empty, one, await ledger.state_digest()}) == 3


async def test_a_heartbeat_is_stored_if_it_is_newer(ledger: AnyLedger) -> None:
    await ledger.record_heartbeat("stock", T0)
    await ledger.record_heartbeat("stock", T0 - 5)
    await ledger.record_heartbeat("cases", T0 - 5)
    assert await ledger.feed_heartbeats() == {"stock": T0, "cases": T0 - 5}


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_all_dated_versions_are_kept_in_any_order_of_arrival(
    ledger: AnyLedger, order: tuple[int, ...]
) -> None:
    rows = [priced(version, T0 + place) for place, version in enumerate(order)]
    for row in (*rows, *rows):
        await ledger.record_facts([row])
    assert await versions(ledger) == [priced(version).body for version in (1, 2, 3)]
    (known,) = await ledger.facts_about([("sku", "RUN-42")])
    assert known.body == priced(3).body


async def test_a_late_price_is_in_force_at_no_instant_and_after_no_fact(ledger: AnyLedger) -> None:
    assert await ledger.record_facts([priced(2, T0), priced(1, T0 + 5)]) == [ACCEPTED, IGNORED]
    late = next(one for one in await ledger.fact_versions("price", "RUN-42|DE") if one.at == T0 + 5)
    assert late.number == await ledger.newest_fact()
    for when in (
        {"at": T0 + 4}, {"at": T0 + 5}, {"at": T0 + 6}, {"upto": late.number}, {},
    ):  # fmt: skip
        (known,) = await ledger.facts_about([("sku", "RUN-42")], (), **when)
        assert known.body == priced(2).body
    assert await ledger.record_facts([priced(3, T0 + 9)]) == [ACCEPTED]
    (known,) = await ledger.facts_about([("sku", "RUN-42")], (), None, late.number)
    assert known.body == priced(2).body


async def test_a_late_fact_without_a_date_is_not_kept(ledger: AnyLedger) -> None:
    await ledger.record_facts([priced(2), priced(1, dated=False)])
    assert await versions(ledger) == [priced(2).body]


async def test_the_known_customers_are_read_in_pages(ledger: AnyLedger) -> None:
    rows = [
        fact("order", f"o{number}", 1, subjects=(("customer", name), ("sku", "RUN-42")))
        for number, name in enumerate(("c1", "c2", "c1", "d1"))
    ]
    await ledger.record_facts(rows)
    assert await ledger.known_customers("", 9) == ["c1", "c2", "d1"]
    assert await ledger.known_customers("c1", 1) == ["c2"]


async def keys_with_head(ledger: AnyLedger) -> list[str]:
    """The keys of all orders that have a head, read page by page."""
    found, after = list[str](), (0, "")
    while page := await ledger.order_heads(after, T0 + 9, 2):
        found += [key for _, key, _, _ in page]
        after = page[-1][:2]
    return found


async def keys_without_head(ledger: AnyLedger) -> list[str]:
    found, after = list[str](), ""
    while page := await ledger.orders_without_head(after, 2):
        found += [key for key, _ in page]
        after = page[-1][0]
    return found


def placed(key: str, number: int, placed_at: int | None, *about: tuple[str, str]) -> FactRow:
    row = fact("order", key, number, subjects=(("order", key), *about), number=number)
    return structs.replace(row, own_at=placed_at)


async def test_each_order_in_force_is_listed_with_a_head_or_without_one(ledger: AnyLedger) -> None:
    await ledger.record_facts(
        [placed(f"o{number}", 1, T0 + number % 2) for number in range(4)]
        + [placed("old", 1, None), placed("late", 1, T0 + 9), stock(1, 1)]
    )
    await ledger.record_facts([placed("o1", 2, T0 + 1), placed("o1", 1, T0 + 1)])
    heads, others = await keys_with_head(ledger), await keys_without_head(ledger)
    if isinstance(ledger, MemoryLedger):
        assert (heads, others) == ([], ["late", "o0", "o1", "o2", "o3", "old"])
    else:
        assert (heads, others) == (["o0", "o2", "o1", "o3"], ["old"])


async def test_a_head_names_the_buyer_as_exposures_do_and_the_session_without_its_logins(
    ledger: AnyLedger,
) -> None:
    buyer, session = ("customer", "c1"), ("session", "se_1.2")
    rows = [placed("o1", 1, T0, buyer, session), placed("o1", 2, T0, buyer, session)]
    for each in (rows[:1], rows, [placed("o1", 3, T0)]):
        await ledger.record_facts(each)
        if not isinstance(ledger, MemoryLedger):
            unit = ledger.digests_of("customer")("c1")[:BUYER_CHARACTERS]
            named = (unit, "se_1") if each[-1].subjects[1:] else (None, None)
            assert await ledger.order_heads((0, ""), T0 + 1, 9) == [(T0, "o1", *named)]
