"""The timer that lets held redemptions lapse, on the clock of a shop without sessions."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.hold_timer import RETRY_MS, HoldTimer
from tactful.runtime.shop import Shop


class Sweeper:
    """Counts its sweeps, and has one answer for each; after the last answer nothing is held."""

    def __init__(self, *answers: int | LedgerError | None) -> None:
        self.answers = [*answers]
        self.swept_at: list[int] = []
        self.shop: Shop

    async def sweep(self) -> int | None:
        self.swept_at.append(self.shop.clock.now() - NOON)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, LedgerError):
            raise answer
        return answer


def timer(folder: Path, sweeper: Sweeper) -> HoldTimer:
    sweeper.shop = bare_shop(folder)
    return HoldTimer(sweeper.shop.state, sweeper.sweep)


async def test_the_earliest_end_is_swept_at_its_instant(tmp_path: Path) -> None:
    sweeper = Sweeper()
    holds = timer(tmp_path, sweeper)
    for until in (9_000, 5_000, 7_000):
        holds.expect(NOON + until)
    await sweeper.shop.move_clock(NOON + 20_000)
    assert sweeper.swept_at == [5_000]


async def test_after_a_sweep_the_timer_is_set_for_the_next_end(tmp_path: Path) -> None:
    sweeper = Sweeper(NOON + 7_000, NOON + 9_000)
    holds = timer(tmp_path, sweeper)
    holds.expect(NOON + 5_000)
    await sweeper.shop.move_clock(NOON + 20_000)
    assert sweeper.swept_at == [5_000, 7_000, 9_000]


async def test_a_look_sweeps_at_once_and_finds_the_next_end(tmp_path: Path) -> None:
    sweeper = Sweeper(NOON + 3_000)
    holds = timer(tmp_path, sweeper)
    holds.look()
    await sweeper.shop.settled()
    assert sweeper.swept_at == [0]
    await sweeper.shop.move_clock(NOON + 20_000)
    assert sweeper.swept_at == [0, 3_000]


async def test_a_sweep_that_the_ledger_refused_is_repeated(tmp_path: Path) -> None:
    sweeper = Sweeper(LedgerError("no room"), NOON + 90_000)
    holds = timer(tmp_path, sweeper)
    holds.look()
    await sweeper.shop.move_clock(NOON + 60_000)
    assert sweeper.swept_at == [0, RETRY_MS]
