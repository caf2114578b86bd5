"""Which rulebook is active: whole or not at all, whatever is done to the files of a running server."""

import asyncio
import random  # noqa: TID251 - seeded, so that a failure can be repeated
from pathlib import Path

import pytest

from journeys.fixture import rules
from journeys.test_replay import SHADOWED
from tactful.core.rules.policy import Policy
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.state.active_rulebook import ActiveRulebook, ReloadResult
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

NOW = 1_773_144_000_000
GOOD = rules(extra=SHADOWED).encode()
ODD = b"\0\t\xff\xc3{}[]:-#&*!|>'\"%@` \n0no"


def books(folder: Path) -> ActiveRulebook:
    return ActiveRulebook(
        ledger=MemoryLedger(),
        clock=TestClock(NOW),
        telemetry=Telemetry(),
        folder=folder,
        policy=Policy(),
    )


def mutated(text: bytes, dice: random.Random) -> bytes:
    """A file as an editor, a copy or a disk may leave it half done."""
    place, length = dice.randrange(len(text)), dice.randrange(1, 40)
    match dice.randrange(5):
        case 0:
            return text[:place]
        case 1:
            return text[:place] + text[place + length :]
        case 2:
            return text[:place] + bytes([dice.choice(ODD)]) + text[place + 1 :]
        case 3:
            return text[:place] + bytes(dice.choice(ODD) for _ in range(length)) + text[place:]
        case _:
            return text[:place] + text[place : place + length] * 2 + text[place + length :]


async def survives(folder: Path, count: int) -> tuple[int, int]:
    """How many mutations of a live file were refused, and how many were good rules after all."""
    dice = random.Random(7)
    file = folder / "rules.yaml"
    file.write_bytes(GOOD)
    live = books(folder)
    await live.start()
    refused = taken = 0
    for _ in range(count):
        before, text = live.current, mutated(GOOD, dice)
        file.write_bytes(text)
        done = await live.reload()
        if done.outcome == "refused":
            refused += 1
            assert live.current is before
            assert done.diagnostics
            assert all(one.line >= 1 and one.column >= 1 for one in done.diagnostics)
        else:
            taken += 1
            alone = compile_rulebook([RuleSource("rules.yaml", text)], now=NOW).rulebook
            assert alone is not None
            assert live.current.version == alone.version
    file.write_bytes(GOOD)
    await live.reload()
    assert live.diagnostics == ()
    whole = compile_rulebook([RuleSource("rules.yaml", GOOD)], now=NOW).rulebook
    assert whole is not None
    assert live.current.version == whole.version
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


async def test_a_restart_on_a_broken_file_goes_on_with_the_rules_of_before(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes(GOOD)
    live = books(tmp_path)
    await live.start()
    (tmp_path / "rules.yaml").write_bytes(GOOD[:-200])
    again = ActiveRulebook(
        ledger=live._ledger,
        clock=TestClock(NOW),
        telemetry=Telemetry(),
        folder=tmp_path,
        policy=Policy(),
    )
    await again.start()
    assert again.diagnostics
    assert again.current.version == live.current.version


async def test_a_file_is_read_when_it_has_come_to_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = iter(["good", "half", "whole", "whole", "whole"])
    looks, done = [], asyncio.Event()
    live = books(tmp_path)
    await live.start()
    live._stamp = "good"

    def look() -> object:
        looks.append(next(stamps, "whole"))
        if len(looks) > 5:
            done.set()
        return looks[-1]

    async def reload() -> ReloadResult:
        reloads.append(len(looks))
        live._stamp = looks[-1]
        return ReloadResult("same", "v")

    reloads: list[int] = []
    monkeypatch.setattr("tactful.runtime.state.active_rulebook.POLL", 0)
    monkeypatch.setattr(live, "_stamp_now", look)
    monkeypatch.setattr(live, "reload", reload)
    live.watch()
    await asyncio.wait_for(done.wait(), 5)
    await live.stop()
    assert reloads == [4]  # not at "half", nor at the first "whole"
