"""When the offers of a trial stop it, and when they do not."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.bare_shop import bare_shop
from support.builders import T0, offer, rule, rulebook
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.rules.policy import Policy, TrialGuardrail
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.shop import Shop
from tactful.runtime.state.trial_monitor import TrialMonitor, TrialTally
from tactful.stores.memory.ledger import MemoryLedger

LIMITS = TrialGuardrail(after=4, dismissed_bp=5000, complaints_bp=2500)
OFFER = offer(rule="R1", rule_digest="d1")


class Case:
    """A monitor of trial R1, whose stops are noted."""

    def __init__(self, folder: Path, *, mode: str = "trial", digest: str = "d1") -> None:
        self.stops: list[str] = []
        self.shop: Shop = bare_shop(folder)
        trial = rule("R1", mode=mode, digest=digest)
        self.shop.state.active_rulebook.replace(rulebook(trial, policy=Policy(harm=LIMITS)), T0)
        self.monitor = TrialMonitor(self.shop.state, self.stop)

    async def stop(self, rule: str) -> None:
        """Note it."""
        self.stops.append(rule)

    def record(self, state: OfferState, times: int = 1, reason: str | None = None) -> None:
        """Steps of R1's offers."""
        for _ in range(times):
            self.monitor.record_step([OFFER], [OfferStep(OFFER.id, T0, 1, state, reason)])


@pytest.mark.parametrize(
    ("tally", "limit"),
    [
        (TrialTally(seen=3, dismissed=3), None),
        (TrialTally(seen=4, dismissed=2), None),
        (TrialTally(seen=4, dismissed=3), "dismissed"),
        (TrialTally(seen=4, complaints=1), None),
        (TrialTally(seen=4, complaints=2), "complaints"),
        (TrialTally(seen=4, dismissed=3, complaints=2), "dismissed"),
    ],
)
def test_a_limit_is_breached_above_its_share_and_after_enough_offers(
    tally: TrialTally, limit: str | None
) -> None:
    assert tally.breached_limit(LIMITS) == limit


def test_only_withdrawals_because_of_a_taint_are_complaints() -> None:
    tally = TrialTally()
    tally.count(OfferState.WITHDRAWN, "stock.out")
    tally.count(OfferState.EXPIRED, None)
    tally.count(OfferState.WITHDRAWN, "complaint.open", 2)
    assert tally == TrialTally(complaints=2)


async def test_a_trial_that_annoys_is_stopped_once(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.record(OfferState.SHOWN, 4)
    case.record(OfferState.DECLINED, 2)
    assert case.stops == []
    with capture_logs() as logs:
        case.record(OfferState.DECLINED, 2)
    await case.shop.state.background.wait_until_idle()
    assert case.stops == ["R1"]
    assert [(line["event"], line["cause"]) for line in logs] == [("trial.stopped", "dismissed")]


@pytest.mark.parametrize("case", [{"mode": "live"}, {"digest": "changed"}])
async def test_live_and_changed_rules_are_not_stopped(tmp_path: Path, case: dict[str, str]) -> None:
    other = Case(tmp_path, **case)
    other.record(OfferState.SHOWN, 4)
    other.record(OfferState.DECLINED, 4)
    await other.shop.state.background.wait_until_idle()
    assert other.stops == []


async def test_a_resumed_trial_is_stopped_again_at_the_next_step(tmp_path: Path) -> None:
    case = Case(tmp_path)
    active = case.shop.state.active_rulebook
    case.record(OfferState.SHOWN, 4)
    case.record(OfferState.DECLINED, 3)
    await case.shop.state.background.wait_until_idle()
    active.set_paused(frozenset({"R1"}))
    case.record(OfferState.DECLINED)
    await case.shop.state.background.wait_until_idle()
    assert case.stops == ["R1"]
    active.set_paused(frozenset())
    case.record(OfferState.DECLINED)
    await case.shop.state.background.wait_until_idle()
    assert case.stops == ["R1", "R1"]


async def test_a_stop_that_could_not_be_recorded_is_tried_again(tmp_path: Path) -> None:
    case = Case(tmp_path)

    async def fail(rule: str) -> None:
        case.stops.append(rule)
        raise LedgerError("no room")

    case.monitor = TrialMonitor(case.shop.state, fail)
    case.record(OfferState.SHOWN, 4)
    for _ in range(2):
        case.record(OfferState.DECLINED, 3)
        await case.shop.state.background.wait_until_idle()
    assert case.stops == ["R1", "R1"]


async def test_steps_from_before_the_start_count(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    shown = OfferStep(OFFER.id, T0, 1, OfferState.SHOWN)
    await ledger.commit(Commit(offers=(OFFER,), steps=(shown,)))
    shop = bare_shop(tmp_path, ledger)
    monitor = TrialMonitor(shop.state, shop._stop_trial)
    await monitor.start()
    assert monitor._tallies == {("R1", "d1"): TrialTally(seen=1)}


async def test_a_harmful_trial_is_listed_while_it_is_paused_and_unchanged(tmp_path: Path) -> None:
    case = Case(tmp_path)
    active = case.shop.state.active_rulebook
    case.record(OfferState.SHOWN, 4)
    case.record(OfferState.DECLINED, 3)
    assert list(case.monitor.harmful()) == []
    active.set_paused(frozenset({"R1"}))
    ((found, tally),) = case.monitor.harmful()
    assert (found.id, tally) == ("R1", TrialTally(seen=4, dismissed=3))
    changed = rule("R1", mode="trial", digest="d2")
    for other in (rulebook(changed, policy=Policy(harm=LIMITS)), rulebook()):
        active.replace(other, T0)
        active.set_paused(frozenset({"R1"}))
        assert list(case.monitor.harmful()) == []
