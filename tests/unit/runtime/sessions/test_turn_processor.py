"""One turn: folded, recorded without waiting, or committed before anybody learns of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeys.fixture import CATALOGUE, rules
from support.bare_shop import NOON, bare_shop
from support.builders import session
from tactful.core.decision import PushOffer
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.session.signals import (
    ActivityReported,
    FactsChanged,
    ItemViewed,
    PageViewed,
    TimerFired,
)
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.sessions.context_builder import ContextBuilder
from tactful.runtime.sessions.turn_processor import TurnProcessor
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.turn_log.log_writer import TurnLogWriter
from tactful.stores.memory.ledger import MemoryLedger

RULEBOOK = compile_rulebook([RuleSource("rules.yaml", rules().encode())], now=NOON).rulebook
LONG_ENGAGED = {"focus": "RUN-42", "running_since": NOON - 60_000, "last_input": NOON - 10_000}


class Observer:
    """Notes the steps that it is told of."""

    def __init__(self) -> None:
        self.states: list[OfferState] = []

    def record_step(self, offers: Sequence[Offer], steps: Sequence[OfferStep]) -> None:
        """Note them."""
        assert {step.offer for step in steps} <= {offer.id for offer in offers}
        self.states += [step.to for step in steps]


class Case:
    """A processor, and one session that it may persist."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        self.shop: Shop = bare_shop(folder)
        self.observer = Observer()
        self.turn_log = TurnLogWriter(self.shop.ledger, self.shop.state.browsing)
        self.contexts = ContextBuilder(self.shop.state, "seed")
        self.processor = TurnProcessor(
            self.shop.state, self.contexts, self.turn_log, [self.observer]
        )
        self.live = LiveSession(session(**fields), b"digest")
        self.live.persists = self.live.recorded = True
        self.shop.state.registry.add(self.live)

    async def fill(self) -> None:
        """Load the catalogue and the rules."""
        await self.shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
        await self.shop.state.fact_cache.load(["RUN-42"], [])
        assert RULEBOOK is not None
        self.shop.state.active_rulebook.replace(RULEBOOK, NOON)
        self.shop.rulebooks._use_current()


async def test_browsing_that_cannot_lead_to_an_offer_is_only_folded(tmp_path: Path) -> None:
    case = Case(tmp_path, running_since=NOON, last_input=NOON)
    await case.fill()
    assert case.processor.fold(case.live, ItemViewed("RUN-42"))
    assert case.live.state.focus == "RUN-42"
    assert [one.signal for one in case.live.unwritten] == [ItemViewed("RUN-42")]
    assert not case.processor.fold(case.live, FactsChanged())
    case.turn_log.flush_all()


async def test_an_item_that_is_not_in_memory_needs_a_whole_turn(tmp_path: Path) -> None:
    case = Case(tmp_path)
    assert not case.processor.fold(case.live, ItemViewed("RUN-42"))
    assert case.live.state.focus != "RUN-42" or case.live.unwritten == []


async def test_a_restored_session_is_recorded_by_a_whole_turn_first(tmp_path: Path) -> None:
    case = Case(tmp_path, last_input=NOON)
    case.live.recorded = False
    assert not case.processor.fold(case.live, ActivityReported("input", 1))


async def test_a_decision_without_a_promise_is_finished_at_once(tmp_path: Path) -> None:
    case = Case(tmp_path)
    await case.fill()
    assert case.processor.decide(case.live, PageViewed("home")) is None
    assert case.live.outbox == []
    (entry, *_) = await case.shop.ledger.turn_entries(session=case.live.state.id)
    assert entry.session == case.live.state.id


async def test_a_change_that_changes_nothing_is_not_recorded(tmp_path: Path) -> None:
    case = Case(tmp_path)
    await case.fill()
    before = case.live.state
    assert case.processor.decide(case.live, FactsChanged()) is None
    assert case.live.state is before
    assert await case.shop.ledger.turn_entries(session=case.live.state.id) == []


async def test_a_promise_is_handed_on_only_after_its_commit(tmp_path: Path) -> None:
    case = Case(tmp_path, **LONG_ENGAGED)
    await case.fill()
    commit = case.processor.decide(case.live, TimerFired())
    assert commit is not None
    assert (case.live.outbox, case.observer.states) == ([], [])
    assert len(case.live.state.offers) == 1
    assert await commit == "committed"
    assert [type(effect) for effect in case.live.outbox] == [PushOffer]
    assert case.observer.states == [OfferState.PUSHED]
    assert case.live.mailbox == []


async def test_a_signal_during_the_commit_makes_the_gates_run_once_more(tmp_path: Path) -> None:
    case = Case(tmp_path, **LONG_ENGAGED)
    await case.fill()
    commit = case.processor.decide(case.live, TimerFired())
    assert commit is not None
    case.shop.state.fact_cache.invalidate_item("RUN-42")
    assert await commit == "committed"
    assert case.live.mailbox == [FactsChanged()]


async def test_a_signal_whose_commit_failed_is_handled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(tmp_path, **LONG_ENGAGED)
    await case.fill()
    before = case.live.state

    async def fail(self: MemoryLedger, commit: Commit) -> None:
        raise LedgerError("busy")

    commit = case.processor.decide(case.live, TimerFired())
    assert commit is not None
    monkeypatch.setattr(MemoryLedger, "commit", fail)
    assert await commit == "not_committed"
    assert case.live.state is before
    assert case.live.mailbox == [TimerFired()]
    assert (case.live.outbox, case.observer.states) == ([], [])
    assert case.contexts.commits_suspended_until > NOON
