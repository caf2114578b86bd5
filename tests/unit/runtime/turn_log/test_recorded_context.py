"""A recorded context holds what the turn could read, and nothing else."""

from collections import Counter
from typing import Any

import pytest

from support.builders import T0, rule, rulebook, session
from support.ledger_rows import fact
from tactful.core.context import Context
from tactful.core.offers.budget import Balance
from tactful.core.pricing.conversion_rates import Tally
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.signals import TimerFired
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact
from tactful.runtime.turn_log.log_encoding import NO_INPUTS, DecisionInputs
from tactful.runtime.turn_log.recorded_context import (
    FEED_NAMES,
    RecordedFacts,
    recorded_context,
)
from tactful.stores.memory.ledger import MemoryLedger

PERSONAL = session(customer="c1", consent="personal")


class CountedLedger(MemoryLedger):
    """Counts the reads of facts."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[tuple[str, str]] = Counter()

    async def facts_about(self, subjects: Any, *more: Any, **named: Any) -> list[StoredFact]:
        self.reads.update(subjects)
        return await super().facts_about(subjects, *more, **named)


@pytest.fixture
def ledger() -> CountedLedger:
    return CountedLedger()


def product(title: str, version: int, at: int = T0) -> FactRow:
    subjects = (("sku", "RUN-42"), ("product", "run"))
    body = {"sku": "RUN-42", "product": "run", "title": title}
    return fact("product", "RUN-42", version, subjects=subjects, at=at, **body)


def rebuilt(inputs: DecisionInputs) -> Context:
    return recorded_context(
        inputs,
        now=T0,
        session=PERSONAL,
        signal=TimerFired(),
        rulebook=rulebook(rule("R1")),
        items={},
        profile=None,
        seed="s",
    )


def test_a_full_record_gives_all_that_was_read() -> None:
    found = rebuilt(
        DecisionInputs(
            session=PERSONAL,
            commits_suspended=True,
            balances=[("C", "EUR", Balance(100, 20, 30))],
            committed=[("RUN-42", "DE", 3)],
            ahead={"of1": 2},
            feed_heartbeats={"stock": T0 - 5},
            paused=frozenset({"R1"}),
            rates=[("run", "DE", {"R1": Tally(9, 1)})],
            first_applied=[("RUN-42", "DE", {"R1": T0 - 9})],
            daily_counts=[("run", "DE", {"R1": 4})],
        )
    )
    assert found.commits_suspended
    assert found.balances == {("C", "EUR"): Balance(100, 20, 30)}
    assert found.committed == {("RUN-42", "DE"): 3}
    assert found.ahead == {"of1": 2}
    assert found.feed_heartbeats == {"stock": T0 - 5}
    assert found.rulebook.paused == {"R1"}
    assert found.rates.log == {("run", "DE"): {"R1": Tally(9, 1)}}
    assert found.reductions.since == {("RUN-42", "DE"): {"R1": T0 - 9}}
    assert found.reductions.counts == {("run", "DE"): {"R1": 4}}
    assert found.seed == "s"


def test_in_a_partial_record_all_feeds_are_alive_and_nothing_is_limited() -> None:
    found = rebuilt(NO_INPUTS)
    assert found.feed_heartbeats == dict.fromkeys(FEED_NAMES, T0)
    assert found.balances == {}
    assert not found.rulebook.paused


async def test_an_item_is_read_as_of_the_newest_fact_of_then_and_only_once(
    ledger: CountedLedger,
) -> None:
    await ledger.record_facts([product("old", 1), product("new", 2, T0 + 10)])
    facts = RecordedFacts(ledger)
    item = await facts.item("RUN-42", 1)
    assert item.product is not None
    assert (item.product.fact.title, item.upto) == ("old", 1)
    before = ledger.reads.total()
    assert await facts.item("RUN-42", 1) is item
    assert ledger.reads.total() == before
    assert (await facts.items([("RUN-42", 2)]))["RUN-42"].upto == 2


async def test_an_item_is_read_as_of_an_instant_and_only_once(ledger: CountedLedger) -> None:
    await ledger.record_facts([product("old", 1), product("new", 2, T0 + 10)])
    facts = RecordedFacts(ledger)
    item = await facts.item_at("RUN-42", T0 + 9)
    assert item.product is not None
    assert item.product.fact.title == "old"
    before = ledger.reads.total()
    assert await facts.item_at("RUN-42", T0 + 9) is item
    assert ledger.reads.total() == before


async def test_a_history_is_read_only_where_consent_allows_it(ledger: CountedLedger) -> None:
    facts, signal, book = RecordedFacts(ledger), TimerFired(), rulebook()
    anonymous = session(customer="c1", consent="anonymous")
    assert await facts.profile(anonymous, signal, book, {}, upto=None, at=T0) is None
    assert not ledger.reads
    found = await facts.profile(PERSONAL, signal, book, {}, upto=None, at=T0)
    assert found is not None
    assert found.contact == NO_CONTACT
    assert found.history.customer == "c1"


async def test_a_history_is_read_up_to_the_recorded_fact(ledger: CountedLedger) -> None:
    about = (("customer", "c1"),)
    await ledger.record_facts([
        fact("customer", "c1", 1, subjects=about, customer="c1", tier="silver"),
        fact("customer", "c1", 2, subjects=about, customer="c1", tier="gold"),
    ])  # fmt: skip
    facts, signal, book = RecordedFacts(ledger), TimerFired(), rulebook()
    for upto, tier in ((1, "silver"), (2, "gold")):
        found = await facts.profile(PERSONAL, signal, book, {}, upto=upto, at=0)
        assert found is not None
        assert found.history.about is not None
        assert (found.history.about.fact.tier, found.history.upto) == (tier, upto)
    before = ledger.reads.total()
    await facts.profile(PERSONAL, signal, book, {}, upto=1, at=0)
    assert ledger.reads.total() == before
