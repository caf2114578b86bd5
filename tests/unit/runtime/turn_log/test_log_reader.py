"""The turn log is read completely, in order, and each rulebook is compiled once."""

import msgspec
import pytest

from journeys.fixture import rules
from tactful.core.rules.policy import Policy
from tactful.core.session.signals import TimerFired
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.ports.ledger_rows import Commit, TurnEntry
from tactful.runtime.state.session_registry import RecordedSignal
from tactful.runtime.turn_log import log_reader
from tactful.runtime.turn_log.log_encoding import encode, encode_signals
from tactful.runtime.turn_log.log_reader import RecordedRulebooks, read_turns
from tactful.stores.memory.ledger import MemoryLedger


def turn(session: str, at: int, signal: bytes = encode(TimerFired())) -> TurnEntry:
    return TurnEntry(session=session, customer=None, at=at, rulebook="", signal=signal)


async def ledger_of(*entries: TurnEntry) -> MemoryLedger:
    ledger = MemoryLedger()
    for entry in entries:
        ledger.record(Commit(entry=entry))
    return ledger


async def test_a_log_is_read_completely_when_many_turns_share_an_instant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "PAGE_SIZE", 10)
    entries = [turn(str(n), at) for n, at in enumerate([1, *[2] * 25, *range(3, 10)])]
    ledger = await ledger_of(*entries)
    assert [one async for one in read_turns(ledger, 0, 100)] == entries


async def test_a_page_that_ends_within_an_instant_repeats_and_skips_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "PAGE_SIZE", 4)
    entries = [turn(str(n), at) for n, at in enumerate([1, 2, 3, 3, 3, 4, 5, 5])]
    ledger = await ledger_of(*entries)
    assert [one async for one in read_turns(ledger, 0, 100)] == entries


async def test_a_window_includes_its_start_and_excludes_its_end() -> None:
    ledger = await ledger_of(*(turn(str(at), at) for at in range(5)))
    assert [one.at async for one in read_turns(ledger, 1, 4)] == [1, 2, 3]


async def test_signals_recorded_in_one_batch_keep_their_instants() -> None:
    batch = encode_signals([RecordedSignal(at, TimerFired()) for at in (1, 6, 200)])
    ledger = await ledger_of(turn("a", 1, batch), turn("b", 5))
    found = [(one.session, one.at) async for one in read_turns(ledger, 0, 100)]
    assert found == [("a", 1), ("b", 5), ("a", 6)]


async def stored(ledger: MemoryLedger, text: str, policy: Policy) -> str:
    sources = [("rules.yaml", text.encode())]
    compiled = compile_rulebook(
        [RuleSource(path, body) for path, body in sources], now=1, policy=policy
    ).rulebook
    assert compiled is not None
    await ledger.store_rulebook(compiled.version, msgspec.json.encode(sources), 1)
    return compiled.version


async def test_a_stored_rulebook_is_compiled_once() -> None:
    ledger = MemoryLedger()
    version = await stored(ledger, rules(), Policy())
    rulebooks = RecordedRulebooks(ledger, Policy())
    found = await rulebooks.rulebook(version)
    assert found is not None
    assert found.version == version
    assert await rulebooks.rulebook(version) is found


async def test_a_rulebook_that_is_not_stored_or_means_something_else_is_none() -> None:
    ledger = MemoryLedger()
    version = await stored(ledger, rules(), Policy())
    assert await RecordedRulebooks(ledger, Policy()).rulebook("unknown") is None
    assert await RecordedRulebooks(ledger, Policy(stock_minimum=7)).rulebook(version) is None
