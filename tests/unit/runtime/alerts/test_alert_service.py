"""A cause raises one alert, which closes by itself, or by hand once the cause is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from support.bare_shop import NOON, bare_shop
from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.alerts.alert_service import CausePresentError, UnknownAlertError
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.kinds import EVENT_CALM_MS, HOURLY_CALM_MS, KINDS
from tactful.runtime.ports.alert_store import Acknowledgement, Alert, Resolution, Snooze
from tactful.runtime.ports.ledger import LedgerFullError
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger


class Watched:
    """A service whose causes a test sets, on a ledger that can be made to fail."""

    def __init__(self, folder: Path, ledger: MemoryLedger | None = None) -> None:
        self.ledger = ledger or MemoryLedger()
        shop = bare_shop(folder, self.ledger)
        self.state, self.alerts = shop.state, shop.alerts
        self.causes: list[Cause] = []
        self.alerts.watch(lambda: self.causes)

    async def at(self, now: int, *causes: Cause) -> list[Alert]:
        """Check at an instant, with these causes present; return the unresolved alerts."""
        assert isinstance(self.state.clock, TestClock)
        self.state.clock._set(now)
        self.causes = list(causes)
        await self.alerts.check()
        return self.alerts.unresolved()

    def metric(self, kind: str) -> float:
        text = self.state.telemetry.exposition().decode()
        line = next(row for row in text.splitlines() if f'tactful_alerts{{kind="{kind}"}}' in row)
        return float(line.split()[-1])


STALE = Cause("feed.stale", "stock", {"age_ms": 7}, "Bo")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_a_cause_raises_one_alert_however_long_it_lasts(watched: Watched) -> None:
    (first,) = await watched.at(NOON, STALE)
    assert first == Alert(
        id=first.id, kind="feed.stale", subject="stock", owner="Bo", raised_at=NOON, evidence={"age_ms": 7},
    )  # fmt: skip
    (later,) = await watched.at(NOON + HOUR, structs.replace(STALE, evidence={"age_ms": 9}))
    assert later == structs.replace(first, evidence={"age_ms": 9})
    assert await watched.ledger.alerts(resolved=False) == [first]


async def test_two_subjects_of_a_kind_are_two_alerts_and_urgent_kinds_come_first(
    watched: Watched,
) -> None:
    found = await watched.at(
        NOON, Cause("backup.missing"), STALE, structs.replace(STALE, subject="prices"),
        Cause("ledger.failing"),
    )  # fmt: skip
    assert [(one.kind, one.subject) for one in found] == [
        ("ledger.failing", ""),
        ("feed.stale", "prices"),
        ("feed.stale", "stock"),
        ("backup.missing", ""),
    ]


async def test_an_alert_closes_by_itself_after_its_cause_was_gone_for_a_minute(
    watched: Watched,
) -> None:
    (raised,) = await watched.at(NOON, STALE)
    assert await watched.at(NOON + MINUTE - 1)
    assert await watched.at(NOON + MINUTE, STALE) == [raised], "it comes and goes: one alert"
    assert await watched.at(NOON + 2 * MINUTE - 1)
    assert await watched.at(NOON + 2 * MINUTE) == []
    end = Resolution(at=NOON + 2 * MINUTE, by="tactful", act="feed.heard")
    assert await watched.ledger.alerts(resolved=True) == [structs.replace(raised, resolved=end)]
    (again,) = await watched.at(NOON + HOUR, STALE)
    assert again.id != raised.id


async def test_what_happens_every_night_is_one_alert(watched: Watched) -> None:
    rejected = Cause("facts.rejected", "price")
    (first,) = await watched.at(NOON, rejected)
    for night in range(1, 4):
        assert await watched.at(NOON + night * 24 * HOUR - 1) == [first]
        assert await watched.at(NOON + night * 24 * HOUR, rejected) == [first]
    assert await watched.at(NOON + 3 * 24 * HOUR + EVENT_CALM_MS) == []


async def test_an_alert_is_raised_while_the_ledger_fails_and_stored_when_it_recovers(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MemoryLedger, "failure", property(lambda _: "no room"))
        (raised,) = await watched.at(NOON)
        assert (raised.kind, raised.evidence["reason"]) == ("ledger.failing", "ledger.full")
        assert await watched.ledger.alerts(resolved=False) == []
    await watched.at(NOON + 1)
    assert await watched.ledger.alerts(resolved=False) == [raised]


async def test_an_alert_that_came_and_went_while_the_ledger_failed_is_in_the_history(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: MemoryLedger, alert: Alert) -> Alert:
        raise LedgerFullError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryLedger, "put_alert", refuse)
        await watched.at(NOON, STALE)
        assert await watched.at(NOON + MINUTE) == []
    await watched.at(NOON + MINUTE + 1)
    (ended,) = await watched.ledger.alerts(resolved=True)
    assert (ended.kind, ended.raised_at) == ("feed.stale", NOON)


async def test_an_open_gap_of_a_restore_is_read_again_at_every_check(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open = True
    reads = 0

    async def read(_: MemoryLedger) -> None:
        nonlocal is_open, reads
        reads += 1
        if reads == 1:
            raise LedgerFullError("cannot be read now")
        is_open = False

    monkeypatch.setattr(MemoryLedger, "is_restored", property(lambda _: is_open))
    monkeypatch.setattr(MemoryLedger, "restored_gap", read)
    assert [one.kind for one in await watched.at(NOON)] == ["restored"]
    await watched.at(NOON + 1)
    assert await watched.at(NOON + MINUTE) == []
    assert reads == 2, "once the gap is closed, nothing is read"


async def test_alerts_survive_a_restart(watched: Watched, tmp_path: Path) -> None:
    (raised,) = await watched.at(NOON, STALE)
    next_run = Watched(tmp_path / "next", watched.ledger)
    await next_run.alerts.start()
    assert await next_run.at(NOON + MINUTE - 1) == [raised]
    assert await next_run.at(NOON + MINUTE) == []


async def test_two_processes_of_a_ledger_share_the_alert_of_a_cause(
    watched: Watched, tmp_path: Path
) -> None:
    (raised,) = await watched.at(NOON, STALE)
    other = Watched(tmp_path / "other", watched.ledger)
    assert await other.at(NOON + 5, STALE) == [raised]


async def test_an_alert_that_another_process_closed_is_closed_here_too(
    watched: Watched,
) -> None:
    (raised,) = await watched.at(NOON, STALE)
    end = Resolution(at=NOON + 1, by="Ada", act="by.hand")
    await watched.ledger.put_alert(structs.replace(raised, resolved=end))
    done = await watched.alerts.acknowledge(raised.id, "Bo")
    assert (done.resolved, done.acknowledged) == (end, None)
    assert watched.alerts.unresolved() == []


async def test_the_first_who_acknowledges_an_alert_stays_named(watched: Watched) -> None:
    (raised,) = await watched.at(NOON, STALE)
    assert watched.metric("feed.stale") == 1
    first = await watched.alerts.acknowledge(raised.id, "Ada")
    assert first.acknowledged == Acknowledgement(at=NOON, by="Ada")
    assert await watched.alerts.acknowledge(raised.id, "Bo") == first
    assert await watched.ledger.alerts(resolved=False) == [first]
    assert watched.metric("feed.stale") == 0


async def test_a_snoozed_alert_is_open_again_when_the_snooze_is_over(watched: Watched) -> None:
    (raised,) = await watched.at(NOON, STALE)
    snoozed = await watched.alerts.snooze(raised.id, NOON + HOUR, "Ada")
    assert snoozed.snoozed == Snooze(until=NOON + HOUR, by="Ada")
    assert watched.metric("feed.stale") == 0
    await watched.at(NOON + HOUR, STALE)
    assert watched.metric("feed.stale") == 1


async def test_an_alert_is_closed_by_hand_only_when_its_cause_is_gone(watched: Watched) -> None:
    (raised,) = await watched.at(NOON, STALE)
    with pytest.raises(CausePresentError, match=r"feed\.stale"):
        await watched.alerts.resolve(raised.id, "Ada")
    watched.causes = []
    done = await watched.alerts.resolve(raised.id, "Ada")
    assert done.resolved == Resolution(at=NOON, by="Ada", act="by.hand")
    assert watched.alerts.unresolved() == []
    assert await watched.ledger.alerts(resolved=True) == [done]


async def test_an_unknown_or_resolved_alert_cannot_be_changed(watched: Watched) -> None:
    (raised,) = await watched.at(NOON, STALE)
    await watched.at(NOON + MINUTE)
    for name in (raised.id, "al_nobody"):
        with pytest.raises(UnknownAlertError):
            await watched.alerts.acknowledge(name, "Ada")
        with pytest.raises(UnknownAlertError):
            await watched.alerts.snooze(name, NOON + HOUR, "Ada")
        with pytest.raises(UnknownAlertError):
            await watched.alerts.resolve(name, "Ada")


async def test_an_alert_of_a_newer_version_is_left_alone(watched: Watched) -> None:
    await watched.ledger.put_alert(Alert(id="al_1", kind="newer.kind", subject="", raised_at=NOON))
    await watched.alerts.start()
    assert [one.kind for one in await watched.at(NOON + 100 * HOUR)] == ["newer.kind"]


async def test_every_part_of_the_server_can_add_causes(watched: Watched) -> None:
    def more() -> Iterator[Cause]:
        yield Cause("trial.harm", "R1")

    watched.alerts.watch(more)
    assert {one.kind for one in await watched.at(NOON, STALE)} == {"feed.stale", "trial.harm"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_in_sentences_what_is_wrong_and_what_to_do(kind: str) -> None:
    found = KINDS[kind]
    assert found.meaning.endswith(".")
    assert found.remedy.endswith(".")
    assert found.calm_ms in {MINUTE, HOURLY_CALM_MS, EVENT_CALM_MS}
