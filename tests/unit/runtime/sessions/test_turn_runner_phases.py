"""Random signals, loads and commits: a session's turn keeps to its table of phases."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a failure can be repeated
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.fixture import CATALOGUE, rules
from support.bare_shop import NOON, Recorder, bare_shop, recorded_connection
from tactful.core.decision import PushOffer
from tactful.core.offers.offer import Offer
from tactful.core.session import signals
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.runtime.sessions import turn_runner
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.runtime.state.turn_phase import TURN_TRANSITIONS, TurnEvent, TurnPhase
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

SKUS: Final = ("RUN-42", "RUN-43", "TRAIL-42")
SESSIONS: Final = 3
RULEBOOK = compile_rulebook([RuleSource("rules.yaml", rules().encode())], now=NOON).rulebook
assert RULEBOOK is not None

Outcome = str
"""How a load or a commit ends: `done`, `error` (of the ledger) or `crash`; a commit: also `refused`."""


class ControlledLedger(MemoryLedger):
    """A ledger whose commits wait until the test says how they end."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Commit, asyncio.Future[Outcome]]] = []
        self.committed: set[str] = set()

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Wait for the outcome."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append((commit, future))
        outcome = await future
        if outcome == "error":
            raise LedgerError("busy")
        if outcome == "crash":
            raise ZeroDivisionError
        if outcome == "refused":
            return CommitRefusal("budget.spend", "C", "EUR")
        self.committed |= {offer.id for offer in commit.offers}
        return await super().commit(commit)


class Run:
    """One shop with three sessions, whose loads and commits are controlled."""

    def __init__(self, folder: Path) -> None:
        self.ledger = ControlledLedger()
        self.shop = bare_shop(folder, self.ledger)
        self.loads: list[asyncio.Future[Outcome]] = []
        self.events: list[tuple[TurnPhase, TurnEvent]] = []
        self.connections: list[SessionConnection] = []
        self.recorders: list[Recorder] = []
        self.refused = False
        self.crashed = False

    async def start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        await self.shop.start()
        await self.shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
        assert RULEBOOK is not None
        self.shop.state.active_rulebook.replace(RULEBOOK, NOON)
        self.shop.rulebooks._use_current()
        load = self.shop.state.fact_cache.load

        async def controlled(skus: Sequence[str], customers: Sequence[str], payer: str) -> None:
            future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            self.loads.append(future)
            outcome = await future
            if outcome == "error":
                raise LedgerError("cannot read")
            if outcome == "crash":
                raise ZeroDivisionError
            await load(skus, customers, payer)

        def recorded(phase: TurnPhase, event: TurnEvent) -> TurnPhase:
            self.events.append((phase, event))
            return TURN_TRANSITIONS[phase, event]

        monkeypatch.setattr(self.shop.state.fact_cache, "load", controlled)
        monkeypatch.setattr(turn_runner, "next_phase", recorded)
        for _ in range(SESSIONS):
            self.connect(None)

    def connect(self, live: LiveSession | None) -> None:
        connection, recorder = recorded_connection()
        secret = live.resume_secret if live else None
        self.shop.lifecycle.open(connection, SessionGreeting("anonymous", secret, territory="DE"))
        self.connections.append(connection)
        self.recorders.append(recorder)

    def leave(self, live: LiveSession) -> None:
        for connection in [*live.connections.values(), *live.newcomers]:
            if not connection.closed:
                self.shop.lifecycle.disconnect(connection)

    @property
    def lives(self) -> list[LiveSession]:
        return [live for one in self.connections[:SESSIONS] if (live := one.live) is not None]

    def do(self, step: tuple[str, int, Any]) -> None:
        kind, number, detail = step
        live = self.lives[number % SESSIONS]
        match kind:
            case "signal":
                self.shop.turns.submit(live, detail)
            case "answer" if detail == "dismiss" and live.state.offers:
                self.shop.turns.submit(live, signals.OfferDismissed(live.state.offers[0].id))
            case "answer" if live.state.offers:
                self.shop.turns.submit(live, signals.OfferAccepted(live.state.offers[0].id, 1))
            case "connect":
                self.connect(live)
            case "leave":
                self.leave(live)
            case "invalidate":
                self.shop.state.fact_cache.invalidate_item(detail)
            case "advance":
                assert isinstance(self.shop.clock, TestClock)
                self.shop.clock._now += detail
                self.shop.state.timers.fire()
            case "load":
                self.end_load(number, detail)
            case "commit":
                self.end_commit(number, detail)

    def end_load(self, number: int, outcome: Outcome) -> None:
        self.loads = [one for one in self.loads if not one.done()]
        if self.loads:
            self.loads.pop(number % len(self.loads)).set_result(outcome)

    def end_commit(self, number: int, outcome: Outcome) -> None:
        if self.ledger.waiting:
            _, future = self.ledger.waiting.pop(number % len(self.ledger.waiting))
            self.refused |= outcome == "refused"
            self.crashed |= outcome == "crash"
            future.set_result(outcome)

    async def settle(self) -> None:
        """Let every task go on until it waits again."""
        for _ in range(12):
            await asyncio.sleep(0)

    def check(self) -> None:
        """What holds whenever nothing runs."""
        self.loads = [one for one in self.loads if not one.done()]
        phases = Counter(live.phase for live in self.lives)
        assert phases[TurnPhase.LOADING] == len(self.loads)
        assert phases[TurnPhase.COMMITTING] == len(self.ledger.waiting)
        for live in self.lives:
            if live.phase is TurnPhase.IDLE:
                assert (live.outbox, live.newcomers) == ([], [])
                assert not live.mailbox or not (live.connections or live.state.offers)
            if live.phase is TurnPhase.LOADING:
                assert live.mailbox
                assert live.connections or live.newcomers or live.state.offers
        assert set(self.events) <= TURN_TRANSITIONS.keys()
        pushed = {
            effect.offer.id
            for recorder in self.recorders
            for effect in recorder.effects
            if isinstance(effect, PushOffer)
        }
        assert pushed <= self.ledger.committed, "an offer was shown before it was recorded"
        if not self.crashed:
            self.check_sums()

    def check_sums(self) -> None:
        """Memory holds exactly what the standing offers of all sessions promise."""
        standing: list[Offer] = [offer for live in self.lives for offer in live.state.offers]
        promised: Counter[tuple[str, str]] = Counter()
        for offer in standing:
            promised[offer.sku, offer.territory] += 1
        assert self.shop.state.stock_commitments.totals == promised
        if not self.refused:
            balance = self.shop.state.balances.view(self.shop.clock.now())["C", "EUR"]
            assert balance.reserved == sum(offer.hold for offer in standing)

    async def finish(self) -> None:
        """Come back to every session, and end every wait well, until nothing waits."""
        for live in self.lives:
            self.connect(live)
        await self.settle()
        while self.loads or self.ledger.waiting:
            self.end_load(0, "done")
            self.end_commit(0, "done")
            await self.settle()
        await asyncio.wait_for(self.shop.settled(), 30)
        self.check()
        assert {live.phase for live in self.lives} == {TurnPhase.IDLE}
        assert not any(live.mailbox for live in self.lives)


def drawn_steps(random: Random, count: int) -> list[tuple[str, int, Any]]:
    """Steps in which every kind of wait begins and ends often."""
    details: dict[str, Sequence[Any]] = {
        "signal": [
            *(signals.ItemViewed(sku) for sku in SKUS),
            signals.ActivityReported("input", 1),
            signals.FactsChanged(),
            signals.TimerFired(),
        ],
        "advance": [1_000, 6_000, 30_000, 30_000],
        "load": ["done", "done", "done", "error", "crash"],
        "commit": ["done", "done", "done", "done", "error", "refused", "crash"],
        "answer": ["accept", "dismiss"],
        "invalidate": SKUS,
        "connect": [None],
        "leave": [None],
    }
    kinds = random.choices([*details], weights=[6, 5, 6, 5, 2, 3, 2, 1], k=count)
    return [(kind, random.randrange(6), random.choice(details[kind])) for kind in kinds]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of keys for all runs: making keys takes longer than a run."""
    return tmp_path_factory.mktemp("phases")


async def run(folder: Path, steps: Sequence[tuple[str, int, Any]]) -> Run:
    one = Run(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        await one.start(monkeypatch)
        await one.settle()
        for step in steps:
            one.do(step)
            await one.settle()
            one.check()
        await one.finish()
    return one


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_the_phases_keep_to_their_table(folder: Path, seed: int) -> None:
    asyncio.run(run(folder, drawn_steps(Random(seed), 60)))


def test_random_runs_take_every_transition(folder: Path) -> None:
    seen = {
        event
        for seed in range(12)
        for event in asyncio.run(run(folder, drawn_steps(Random(seed), 60))).events
    }
    assert seen == TURN_TRANSITIONS.keys()


def test_clients_that_leave_together_leave_no_read_that_never_began(folder: Path) -> None:
    steps = [
        ("signal", 0, signals.ItemViewed("RUN-42")), ("load", 0, "done"), ("connect", 0, None),
        ("invalidate", 0, "RUN-42"), ("leave", 0, None),
    ]  # fmt: skip
    one = asyncio.run(run(folder, steps))
    assert (TurnPhase.LOADING, "client_left") in one.events


def test_a_chosen_run_takes_every_transition(folder: Path) -> None:
    look = signals.ItemViewed("RUN-42")
    steps = [
        ("signal", 2, look), ("leave", 2, None), ("connect", 2, None), ("load", 0, "error"),
        ("signal", 0, look), ("load", 0, "done"),
        ("advance", 0, 30_000), ("commit", 0, "error"),
        ("advance", 0, 6_000), ("connect", 0, None), ("commit", 0, "done"),
        ("signal", 1, look), ("advance", 0, 30_000), ("commit", 0, "refused"),
    ]  # fmt: skip
    one = asyncio.run(run(folder, steps))
    assert set(one.events) == TURN_TRANSITIONS.keys()
    (offer,) = one.lives[0].state.offers
    assert [
        effect.offer.id for effect in one.recorders[0].effects if isinstance(effect, PushOffer)
    ] == [offer.id]
    assert [snapshot.offers for snapshot in one.recorders[4].snapshots] == [(offer,)]
