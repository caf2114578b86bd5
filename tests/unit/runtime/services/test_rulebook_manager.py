"""Reload, rollback and pause: whole or not at all, whatever is done to the rule files."""

import asyncio
import random  # noqa: TID251 - seeded, so that a failure can be repeated
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from journeys.fixture import rules
from journeys.test_replay import SHADOWED
from support.bare_shop import NOON, bare_shop
from tactful.core.rules.rule import EVERY_RULE
from tactful.core.values.calendar import DAY
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.given import as_datetime
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.services.rulebook_manager import ReloadResult
from tactful.runtime.shop import Shop
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

GOOD = rules(extra=SHADOWED).encode()
ODD = b"\0\t\xff\xc3{}[]:-#&*!|>'\"%@` \n0no"


async def started(folder: Path, ledger: MemoryLedger | None = None) -> Shop:
    """A shop whose rules folder is `folder / rules`."""
    (folder / "rules").mkdir(exist_ok=True)
    shop = bare_shop(folder, ledger, rules=folder / "rules")
    await shop.ledger.open()
    await shop.rulebooks.start()
    return shop


def file_in(folder: Path, text: bytes) -> Path:
    (folder / "rules").mkdir(exist_ok=True)
    file = folder / "rules" / "rules.yaml"
    file.write_bytes(text)
    return file


def mutated(text: bytes, generator: random.Random) -> bytes:
    """A file as an editor, a copy or a disk may leave it half done."""
    place, length = generator.randrange(len(text)), generator.randrange(1, 40)
    match generator.randrange(5):
        case 0:
            return text[:place]
        case 1:
            return text[:place] + text[place + length :]
        case 2:
            return text[:place] + bytes([generator.choice(ODD)]) + text[place + 1 :]
        case 3:
            odd = bytes(generator.choice(ODD) for _ in range(length))
            return text[:place] + odd + text[place:]
        case _:
            return text[:place] + text[place : place + length] * 2 + text[place + length :]


async def survives(folder: Path, count: int) -> tuple[int, int]:
    """How many mutations of a live file were refused, and how many were good rules after all."""
    generator = random.Random(7)
    file = file_in(folder, GOOD)
    shop = await started(folder)
    active = shop.state.active_rulebook
    refused = taken = 0
    for _ in range(count):
        before, text = active.current, mutated(GOOD, generator)
        file.write_bytes(text)
        done = await shop.rulebooks.reload()
        if done.outcome == "refused":
            refused += 1
            assert active.current is before
            assert done.diagnostics or active.kept_because == "emptied"
            assert all(one.line >= 1 and one.column >= 1 for one in done.diagnostics)
        else:
            taken += 1
            alone = compile_rulebook([RuleSource("rules.yaml", text)], now=NOON).rulebook
            assert alone is not None
            assert active.current.version == alone.version
    file.write_bytes(GOOD)
    await shop.rulebooks.reload()
    assert active.diagnostics == ()
    whole = compile_rulebook([RuleSource("rules.yaml", GOOD)], now=NOON).rulebook
    assert whole is not None
    assert active.current.version == whole.version
    return refused, taken


@pytest.mark.thorough
async def test_a_live_file_in_any_state_never_takes_the_rules_down(tmp_path: Path) -> None:
    refused, taken = await survives(tmp_path, 3_000)
    assert refused > 1_500
    assert taken > 50


@pytest.mark.slow
async def test_ten_thousand_states_of_a_live_file(tmp_path: Path) -> None:
    refused, taken = await survives(tmp_path, 10_000)
    assert refused + taken == 10_000


async def test_a_restart_on_a_broken_file_keeps_the_rules_from_before(tmp_path: Path) -> None:
    file_in(tmp_path, GOOD)
    ledger = MemoryLedger()
    before = (await started(tmp_path, ledger)).state.active_rulebook
    file_in(tmp_path, GOOD[:-200])
    again = (await started(tmp_path, ledger)).state.active_rulebook
    assert again.diagnostics
    assert again.current.version == before.current.version


async def test_a_rules_folder_that_vanished_keeps_the_rules_and_says_so(tmp_path: Path) -> None:
    file_in(tmp_path, GOOD)
    ledger = MemoryLedger()
    shop = await started(tmp_path, ledger)
    active, before = shop.state.active_rulebook, shop.state.active_rulebook.current
    (tmp_path / "rules").rename(tmp_path / "away")
    with capture_logs() as logged:
        done = await shop.rulebooks.reload()
    assert (done.outcome, done.diagnostics) == ("refused", ())
    assert [line["event"] for line in logged] == ["rulebook.missing"]
    assert active.current is before
    assert active.kept_because == "missing"
    assert "does not exist. The previous rulebook stays active." in (active.problem or "")
    again = bare_shop(tmp_path, ledger, rules=tmp_path / "rules")
    await again.rulebooks.start()
    assert again.state.active_rulebook.current.version == before.version
    assert again.state.active_rulebook.kept_because == "missing"
    (tmp_path / "away").rename(tmp_path / "rules")
    assert (await shop.rulebooks.reload()).outcome == "same"
    assert active.problem is None


@pytest.mark.parametrize("left", [None, b"", b"# nothing\n", b"campaigns: {}\n"])
async def test_the_last_rule_goes_only_with_a_file_that_says_so(
    tmp_path: Path, left: bytes | None
) -> None:
    file = file_in(tmp_path, GOOD)
    ledger = MemoryLedger()
    shop = await started(tmp_path, ledger)
    active, before = shop.state.active_rulebook, shop.state.active_rulebook.current
    file.unlink()
    if left is not None:
        file_in(tmp_path, left)
    with capture_logs() as logged:
        done = await shop.rulebooks.reload()
    assert done.outcome == "refused"
    assert [line["event"] for line in logged] == ["rulebook.emptied"]
    assert active.current is before
    assert active.kept_because == "emptied"
    again = (await started(tmp_path, ledger)).state.active_rulebook
    assert (again.current.version, again.kept_because) == (before.version, "emptied")
    file_in(tmp_path, b"rules: []\n")
    assert (await shop.rulebooks.reload()).outcome == "active"
    assert dict(active.current.rules) == {}
    assert active.problem is None
    empty = (await started(tmp_path, ledger)).state.active_rulebook
    assert dict(empty.current.rules) == {}
    assert empty.problem is None


async def test_a_first_start_on_an_empty_folder_offers_nothing_and_is_no_problem(
    tmp_path: Path,
) -> None:
    active = (await started(tmp_path)).state.active_rulebook
    assert dict(active.current.rules) == {}
    assert active.problem is None


async def test_files_that_are_not_read_are_named_once_at_the_start(tmp_path: Path) -> None:
    file_in(tmp_path, GOOD)
    (tmp_path / "rules" / ".draft.yaml").write_bytes(GOOD)
    with capture_logs() as logged:
        shop = await started(tmp_path)
        await shop.rulebooks.reload()
    assert [line["files"] for line in logged if line["event"] == "rulebook.passed_over"] == [
        [".draft.yaml: .draft.yaml starts with a dot"]
    ]


async def test_a_file_is_read_only_after_two_looks_found_it_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = iter(["good", "half", "whole", "whole", "whole"])
    looks: list[object] = []
    reloads: list[int] = []
    done = asyncio.Event()
    manager = (await started(tmp_path)).rulebooks
    manager._stamp = "good"

    def look() -> object:
        looks.append(next(stamps, "whole"))
        if len(looks) > 5:
            done.set()
        return looks[-1]

    async def reload() -> ReloadResult:
        reloads.append(len(looks))
        manager._stamp = looks[-1]
        return ReloadResult("same", "v")

    monkeypatch.setattr("tactful.runtime.services.rulebook_manager.POLL_S", 0)
    monkeypatch.setattr(manager._folder, "stamp", look)
    monkeypatch.setattr(manager, "reload", reload)
    manager.watch()
    await asyncio.wait_for(done.wait(), 30)
    await manager.stop()
    assert reloads == [4]  # not at "half", nor at the first "whole"


async def test_a_version_that_cannot_be_recorded_does_not_become_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path)
    before = shop.state.active_rulebook.current

    async def fail(*_: object, **__: object) -> None:
        raise LedgerError("full")

    monkeypatch.setattr(shop.ledger, "store_rulebook", fail)
    file_in(tmp_path, rules().encode())
    with pytest.raises(LedgerError):
        await shop.rulebooks.reload()
    assert shop.state.active_rulebook.current is before


async def test_a_rollback_survives_a_restart_on_the_same_files(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path, ledger)
    first = shop.state.active_rulebook.current.version
    file_in(tmp_path, rules().encode())
    second = (await shop.rulebooks.reload()).version
    assert second != first
    done = await shop.rulebooks.rollback()
    assert done is not None
    assert done.version == first
    assert await shop.rulebooks.rollback() is None
    again = await started(tmp_path, ledger)
    assert again.state.active_rulebook.current.version == first
    assert (await again.rulebooks.reload()).version == second


async def test_a_paused_rule_stays_paused_over_a_reload_and_a_restart(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path, ledger)
    assert await shop.rulebooks.pause("R1", paused=True)
    assert not await shop.rulebooks.pause("nobody", paused=True)
    file_in(tmp_path, rules().encode())
    await shop.rulebooks.reload()
    assert shop.state.active_rulebook.current.paused == {"R1"}
    again = await started(tmp_path, ledger)
    assert again.state.active_rulebook.current.paused == {"R1"}
    assert await again.rulebooks.pause("R1", paused=False)
    assert again.state.active_rulebook.current.paused == frozenset()


async def test_a_stop_of_all_offers_survives_a_reload_and_a_restart(tmp_path: Path) -> None:
    ledger, stop = MemoryLedger(), OffersStop(NOON, "Ada", "a wrong price")
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path, ledger)
    assert await shop.rulebooks.stop_offers(stop)
    assert not await shop.rulebooks.stop_offers(OffersStop(NOON, "Bo", "another"))
    file_in(tmp_path, rules().encode())
    await shop.rulebooks.reload()
    assert shop.state.active_rulebook.current.paused == {EVERY_RULE}
    again = await started(tmp_path, ledger)
    assert again.state.active_rulebook.stop == stop
    assert again.state.active_rulebook.current.paused == {EVERY_RULE}
    assert await again.rulebooks.start_offers()
    assert not await again.rulebooks.start_offers()
    assert again.state.active_rulebook.current.paused == frozenset()
    await shop.rulebooks.start_over()
    assert shop.state.active_rulebook.stop is None


async def test_an_earlier_version_is_compiled_from_the_ledger(tmp_path: Path) -> None:
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path)
    first = shop.state.active_rulebook.current
    file_in(tmp_path, rules().encode())
    await shop.rulebooks.reload()
    found = await shop.rulebooks.version(first.version)
    assert found is not None
    assert found.rules.keys() == first.rules.keys()
    assert await shop.rulebooks.version("never active") is None


async def test_the_parts_that_keep_to_a_rulebook_are_given_the_active_one(tmp_path: Path) -> None:
    file_in(tmp_path, GOOD)
    shop = await started(tmp_path)
    rulebook = shop.state.active_rulebook.current
    assert shop.state.fact_cache.policy is rulebook.policy
    assert ("C", "EUR") in shop.state.balances.view(NOON)


TRIAL = b"""
campaigns: {c: {count: 5}}
rules:
  - id: daring
    campaign: c
    mode: trial
    offer: {percent: PERCENT, floor: {margin: 10%}}
VALID
"""


async def settled() -> None:
    """No work is under way."""


async def test_a_trial_is_not_prolonged_by_editing_it(tmp_path: Path) -> None:
    text = TRIAL.replace(b"PERCENT", b"5%")
    file = file_in(tmp_path, text.replace(b"VALID", b""))
    ledger = MemoryLedger()
    shop = await started(tmp_path, ledger)
    rules = shop.state.active_rulebook
    assert rules.current.rules["daring"].ends == NOON + 14 * DAY
    assert rules.current.rules["daring"].share_bp == 5000
    assert isinstance(shop.state.clock, TestClock)
    await shop.state.clock.move(NOON + 50 * DAY, shop.state.timers, settled)
    until = as_datetime(NOON + 100 * DAY).date()
    window = f"    valid: {{from: {as_datetime(NOON + 51 * DAY).date()}, until: {until}}}"
    for percent in (b"6%", b"7%"):
        text = TRIAL.replace(b"PERCENT", percent)
        file.write_bytes(text.replace(b"VALID", window.encode()))
        assert (await shop.rulebooks.reload()).outcome == "active"
        assert rules.current.rules["daring"].ends == NOON + 60 * DAY
    file.write_bytes(GOOD)
    await shop.rulebooks.reload()
    file.write_bytes(text.replace(b"VALID", b""))
    again = await started(tmp_path, ledger)
    assert again.state.active_rulebook.current.rules["daring"].ends == NOON + 14 * DAY


def test_the_start_of_a_trial_changes_no_version() -> None:
    source = [RuleSource("a", TRIAL.replace(b"PERCENT", b"5%").replace(b"VALID", b""))]
    early, late = (
        compile_rulebook(source, now=NOON + days * DAY, trial_starts=starts).rulebook
        for days, starts in ((0, {}), (9, {"daring": NOON}))
    )
    assert early is not None
    assert late is not None
    assert early.version == late.version
    assert early.rules["daring"].ends == late.rules["daring"].ends == NOON + 14 * DAY
    assert early.trials == late.trials == {"daring": NOON}
