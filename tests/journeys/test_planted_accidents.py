"""A planted accident raises exactly one alert within a minute, and its repair closes it.

Accidents of the machine and of connectors are in `test_clocks.py`, `test_faults_of_a_process.py` and
`tests/unit/connectors/inbox/`; a trial that does harm is in `test_safe_change.py`.
"""

from pathlib import Path
from typing import Any

import pytest

from contracts.test_exposure_store import exposure, of_customer
from journeys.fixture import CATALOGUE, case, rules, stock
from support.live_server import LiveServer, live_server
from tactful.core.values.calendar import DAY, HOUR, format_rfc3339
from tactful.runtime.alerts import changed_shares
from tactful.runtime.alerts.hour_counts import WEEK_HOURS
from tactful.runtime.ports.ledger_rows import Commit, TallyRow
from tactful.runtime.services import shop_watch
from unit.runtime.services.test_report_service import CATALOGUE as COSTS
from unit.runtime.services.test_report_service import sold

MINUTE_S, HOUR_S = 60, 3600


@pytest.fixture(autouse=True)
def _read_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as often as a server does whose clock is not a test's."""
    monkeypatch.setattr(shop_watch, "TEST_LOOK_MS", shop_watch.LOOK_MS)


async def alerts(one: LiveServer, kind: str, after_s: int = MINUTE_S) -> list[dict[str, Any]]:
    """The unresolved alerts of a kind, after a while in which the server checks twice."""
    await one.advance(after_s - 1)
    await one.parts.shop.alerts.check()
    await one.advance(1)
    await one.parts.shop.settled()
    await one.parts.shop.alerts.check()
    found = (await one.http.get("/v1/alerts")).json()["alerts"]
    return [alert for alert in found if alert["kind"] == kind]


async def closed_by(one: LiveServer, kind: str, after_s: int = MINUTE_S) -> list[str]:
    """The acts that closed alerts of a kind, of which none is left after a while."""
    assert await alerts(one, kind, after_s) == []
    found = (await one.http.get("/v1/alerts", params={"state": "resolved"})).json()["alerts"]
    return [alert["resolved"]["act"] for alert in found if alert["kind"] == kind]


async def test_a_feed_that_stops(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(policy="  max_age: {stock: 15m}")) as one:
        await one.facts(*CATALOGUE, {"type": "feed", "feed": "stock"})
        assert await alerts(one, "feed.stale") == []
        await one.advance(15 * MINUTE_S)
        (found,) = await alerts(one, "feed.stale")
        assert found["subject"] == "stock"
        await one.facts({"type": "feed", "feed": "stock"})
        assert await closed_by(one, "feed.stale") == ["feed.heard"]


async def test_a_reason_that_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_shares, "LEAST_VERDICTS", 8)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        hour = one.parts.shop.clock.now() // HOUR
        usual = [
            TallyRow(hour - week * WEEK_HOURS, "verdicts", "", "", name, count)
            for week in range(1, 4)
            for name, count in (("stock.out", 5), ("", 95))
        ]
        await one.parts.shop.ledger.commit(Commit(tallies=tuple(usual)))
        await one.restart()
        await one.facts(stock("RUN-42", "DE", 0))
        for _ in range(8):
            await (await one.shopper()).view("RUN-42", 1)
        (found,) = await alerts(one, "reason.doubled")
        assert (found["subject"], found["evidence"]["usual_share_bp"]) == ("stock.out", 500)
        await one.facts(stock("RUN-42", "DE", 99))
        await one.advance(HOUR_S)
        for _ in range(8):
            await (await one.shopper()).view("RUN-42", 31)
        assert await closed_by(one, "reason.doubled", HOUR_S) == ["reason.usual"]


async def test_a_budget_that_runs_hot(tmp_path: Path) -> None:
    def daily(amount: str) -> str:
        return rules().replace(", per: total}", ", per: day}").replace("500.00", amount)

    async with live_server(tmp_path, daily("50.00")) as one:
        await one.facts(*CATALOGUE)
        await (await one.shopper()).view("RUN-42", 31)
        assert await alerts(one, "budget.early") == []
        await (await one.shopper()).view("RUN-42", 31)
        (found,) = await alerts(one, "budget.early")
        assert (found["subject"], found["evidence"]["used"]) == ("C EUR", 3870)
        await one.reload(daily("400.00"))
        assert await closed_by(one, "budget.early", HOUR_S + MINUTE_S) == ["budget.lasts"]


async def test_accepted_offers_that_are_no_longer_redeemed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed_shares, "LEAST_ACCEPTED", 3)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 99))
        hour = one.parts.shop.clock.now() // HOUR
        usual = [
            TallyRow(hour - 100, "uses", "", "", name, count)
            for name, count in (("accepted", 100), ("redeemed", 60))
        ]
        await one.parts.shop.ledger.commit(Commit(tallies=tuple(usual)))
        await one.restart()
        tokens = []
        for _ in range(3):
            shopper = await one.shopper()
            await shopper.view("RUN-42", 31)
            tokens.append(await shopper.accept((await shopper.offered())["id"]))
        (found,) = await alerts(one, "offers.unredeemed")
        assert found["evidence"] == {"accepted": 3, "redeemed": 0, "usual_share_bp": 6000}
        for number, token in enumerate(tokens):
            assert (await one.redeem(token, f"o{number}")).status_code == 200
        assert await closed_by(one, "offers.unredeemed", HOUR_S + MINUTE_S) == ["offers.redeemed"]


async def with_lost_shoppers(one: LiveServer) -> None:
    """Plant 300 shoppers with offers and none without, at equal shares."""
    at = one.parts.shop.clock.now() - DAY
    lost = tuple(
        exposure(f"se_{number}", rule="R1", at=at, treated_bp=5000) for number in range(300)
    )
    await one.parts.shop.ledger.commit(Commit(exposures=lost))


async def test_arms_that_lose_shoppers(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await with_lost_shoppers(one)
        (found,) = await alerts(one, "experiment.srm")
        assert (found["subject"], found["owner"]) == ("R1", "footwear@shop.example")
        # Another share begins a new comparison.
        mended = exposure("se_new", rule="R1", at=one.parts.shop.clock.now(), treated_bp=6000)
        await one.parts.shop.ledger.commit(Commit(exposures=(mended,)))
        await alerts(one, "experiment.srm")
        assert await closed_by(one, "experiment.srm") == ["ratio.fits"]


async def with_a_loss(one: LiveServer) -> None:
    """Plant 400 shoppers, of whom those with offers buy below cost."""
    shop = one.parts.shop
    first = shop.clock.now() - 20 * DAY
    exposed, orders = [], list(COSTS)
    for number in range(400):
        customer, is_treated = f"c{number}", number % 2 == 0
        exposed.append(
            of_customer(
                customer, session=f"se_{number}", rule="R1", at=first, is_treated=is_treated
            )
        )
        paid = {"amount": 5000 + number if is_treated else 12_000 + number, "currency": "EUR"}
        line = {"sku": "RUN-42", "qty": 1, "unit": paid}
        orders.append(sold(f"o{number}", first + DAY, customer=customer, lines=[line]))
    await shop.ledger.record_facts(orders)
    await shop.ledger.commit(Commit(exposures=tuple(exposed)))


async def test_a_rule_that_costs_money_proposes_its_pause(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await with_a_loss(one)
        (found,) = await alerts(one, "rule.costs")
        assert (found["subject"], found["evidence"]["proposal"]) == ("R1", "pause")
        assert found["evidence"]["best_a_month"] < 0
        paused = (await one.http.get("/v1/rulebook")).json()["rules"][0]["state"]
        assert paused == "running", "nothing is paused silently"
        await one.http.post("/v1/rules/R1/pause")
        assert await closed_by(one, "rule.costs") == ["rule.changed"]


async def test_a_trial_that_costs_money_is_stopped_with_an_alert_and_in_the_audit(
    tmp_path: Path,
) -> None:
    trial = rules().replace("    campaign: C\n", "    campaign: C\n    mode: trial\n")
    async with live_server(tmp_path, trial) as one:
        await with_a_loss(one)
        (found,) = await alerts(one, "trial.decided")
        assert (found["subject"], found["evidence"]["conclusion"]) == ("R1", "costs")
        (act,) = (await one.http.get("/v1/acts")).json()["acts"]
        assert (act["who"], act["act"], act["detail"]) == (
            "tactful", "rule.paused", "the trial costs money",
        )  # fmt: skip
        (again,) = await alerts(one, "trial.decided")
        assert again["id"] == found["id"]


async def test_complaints_that_triple(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        opened = format_rfc3339(one.parts.shop.clock.now())
        bad = [
            case(f"k{n}", f"c{n}", "defect", skus=["RUN-42"], opened_at=opened) for n in range(5)
        ]
        await one.facts(*CATALOGUE, *bad)
        (found,) = await alerts(one, "complaints.tripled")
        assert found["subject"] == "RUN-42"
        await one.facts(case("k0", "c0", "question", skus=["RUN-42"], opened_at=opened))
        await alerts(one, "complaints.tripled")
        assert await closed_by(one, "complaints.tripled") == ["complaints.usual"]
