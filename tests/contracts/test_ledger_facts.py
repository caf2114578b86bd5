"""Every ledger keeps the newest of each fact, and what was in force before."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.ledger_rows import T0, AnyLedger, fact, stock
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger


async def in_force(ledger: AnyLedger, at: int | None = None) -> list[object]:
    found = await ledger.facts_about([("sku", "RUN-42")], at=at)
    return [msgspec.json.decode(one.body)["available"] for one in found]


async def test_a_higher_version_supersedes_and_a_known_or_older_one_is_ignored(ledger):
    rows = [stock(5, 11), stock(0, 12), stock(5, 11), stock(0, 12), stock(7, 13)]
    assert await ledger.record_facts(rows) == [True, True, False, False, True]
    assert await in_force(ledger) == [7]


async def test_a_fact_without_a_version_is_newer_than_any(ledger):
    assert await ledger.record_facts([stock(5, 11), stock(4, None)]) == [True, True]
    assert await in_force(ledger) == [4]


async def test_versions_are_compared_only_with_the_highest_of_their_kind(ledger):
    rows = [
        fact(version=7, available=1),
        fact(version=("time", T0), available=2),
        fact(version=7, available=3),
        fact(version=("time", T0), available=4),
        fact(version=8, available=5),
    ]
    assert await ledger.record_facts(rows) == [True, True, False, False, True]


async def test_a_past_instant_shows_the_version_that_was_in_force_then(ledger):
    await ledger.record_facts([stock(5, 1, at=T0)])
    await ledger.record_facts([stock(0, 2, at=T0 + 100)])
    assert await in_force(ledger, T0 - 1) == []
    assert await in_force(ledger, T0) == [5]
    assert await in_force(ledger, T0 + 99) == [5]
    assert await in_force(ledger, T0 + 100) == [0]


async def test_on_a_clock_that_stands_still_the_last_report_of_an_instant_is_in_force(ledger):
    await ledger.record_facts([stock(5, 1), stock(4, 2), stock(3, 3)])
    assert await in_force(ledger, T0) == [3]
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, T0), (T0, None)]


async def test_a_clock_that_jumps_back_leaves_no_instant_without_a_version(ledger):
    await ledger.record_facts([stock(5, 1, at=T0), stock(4, 2, at=T0 - 3_600_000)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, None)]


async def test_the_number_of_a_fact_tells_apart_what_one_instant_knew(ledger):
    assert await ledger.newest_fact() == 0
    await ledger.record_facts([stock(5, 1), fact("cost", "c", 1), stock(4, 2)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [one.number for one in kept] == [1, 3]
    assert await ledger.newest_fact() == 3
    for upto, known in ((0, []), (1, [5]), (2, [5]), (3, [4]), (9, [4])):
        found = await ledger.facts_about([("sku", "RUN-42")], ("stock",), upto=upto)
        assert [msgspec.json.decode(one.body)["available"] for one in found] == known


async def test_a_fact_is_found_under_the_subjects_of_the_version_in_force_only(ledger):
    await ledger.record_facts([
        fact("product", "S", 1, subjects=(("sku", "S"), ("product", "old")), at=T0),
        fact("product", "S", 2, subjects=(("sku", "S"), ("product", "new")), at=T0 + 10),
    ])  # fmt: skip
    assert not await ledger.facts_about([("product", "old")])
    assert len(await ledger.facts_about([("product", "old")], at=T0)) == 1
    assert len(await ledger.facts_about([("product", "new")])) == 1
    assert not await ledger.facts_about([("product", "new")], at=T0)


async def test_a_fact_found_under_several_subjects_is_given_once(ledger):
    await ledger.record_facts([fact("case", "k1", subjects=(("customer", "a"), ("customer", "b")))])
    assert len(await ledger.facts_about([("customer", "a"), ("customer", "b")])) == 1


async def test_facts_can_be_asked_for_by_kind(ledger):
    await ledger.record_facts([fact("stock", "a"), fact("price", "b"), fact("cost", "c")])
    found = await ledger.facts_about([("sku", "RUN-42")], ["price", "cost"])
    assert [one.kind for one in found] == ["cost", "price"]


FEED = [
    fact("stock", f"S{key}|DE|", version, subjects=(("sku", f"S{key}"),), available=version)
    for key in range(4)
    for version in range(1, 6)
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.permutations(FEED * 2), second=st.permutations(FEED * 2))
async def test_a_feed_replayed_twice_and_shuffled_ends_in_the_same_bytes(
    tmp_path_factory, first, second
):
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


async def test_the_digest_tells_states_apart(ledger):
    empty = await ledger.state_digest()
    await ledger.record_facts([stock(5, 1)])
    one = await ledger.state_digest()
    await ledger.record_facts([stock(4, 2)])
    assert len({empty, one, await ledger.state_digest()}) == 3


async def test_a_sign_of_life_is_kept_if_it_is_newer(ledger):
    await ledger.record_heartbeat("stock", T0)
    await ledger.record_heartbeat("stock", T0 - 5)
    await ledger.record_heartbeat("cases", T0 - 5)
    assert await ledger.feed_heartbeats() == {"stock": T0, "cases": T0 - 5}
