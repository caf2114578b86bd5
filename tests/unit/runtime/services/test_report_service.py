"""Reports from a ledger."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a shop can be repeated
from typing import Any

import msgspec
import pytest
from msgspec import structs

from contracts.test_exposure_store import exposure, of_customer, turn
from support.ledger_rows import (
    T0,
    AnyLedger,
    accepted,
    fact,
    leave,
    offer,
    push,
    redeem,
    run_redemption,
)
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import ms
from tactful.core.offers.offer import OfferState
from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.unit_outcomes import HISTORY, MeasuredOrder, Who
from tactful.runtime.ports.exposure_store import Exposure
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.services import report_orders
from tactful.runtime.services.report_rows import Returns, SkuTerms, events_of, measured_order
from tactful.runtime.services.report_service import ReportQuestion, ReportService
from tactful.runtime.services.report_units import trigger_of
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger

NOW = T0 + 20 * DAY
EVERYTHING = ReportQuestion(since=T0, until=NOW)


class Clock:
    def now(self) -> int:
        return NOW


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyLedger]:
    made = MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


async def reported(ledger: AnyLedger, **changes: Any) -> ExperimentReport:
    service = ReportService(ledger, Clock())
    return await service.report(structs.replace(EVERYTHING, **changes))


def sold(name: str, at: int = T0 + DAY, **fields: Any) -> Any:
    """An order of one pair of shoes for 119.00 EUR, as a row of the ledger."""
    lines = [{"sku": "RUN-42", "qty": 1, "unit": {"amount": 11_900, "currency": "EUR"}}]
    body = {
        "order": name, "territory": "DE", "placed_at": format_rfc3339(at),
        "status": "placed", "lines": lines, **fields,
    }  # fmt: skip
    named = [(kind, fields[kind]) for kind in ("customer", "session") if kind in fields]
    made = fact("order", name, subjects=(("order", name), *named), **body)
    return structs.replace(made, own_at=at)


def row(kind: str, key: str, body: dict[str, Any]) -> FactRow:
    """A fact whose body has fields of its own called `kind` or `at`."""
    made = fact(kind, key, subjects=((kind, key),))
    return structs.replace(made, body=msgspec.json.encode({"type": kind, **body}))


CATALOGUE = (
    fact("product", "RUN-42", product="aero", sku="RUN-42", title="Aero"),
    fact(
        "price", "RUN-42|DE|EUR||", sku="RUN-42", territory="DE",
        price={"amount": 12_900, "currency": "EUR"}, tax_included=True, tax_rate_bp=1900,
    ),
    fact("cost", "RUN-42|DE", sku="RUN-42", territory="DE",
         cost={"amount": 6000, "currency": "EUR"}),
)  # fmt: skip


async def shop(ledger: AnyLedger, *facts: Any) -> None:
    """Four guests and a customer, of whom two and the customer were treated."""
    arms = [exposure(f"se_{n}", is_treated=n % 2 == 0) for n in range(4)]
    await ledger.commit(turn(*arms, of_customer(session="se_9")))
    await ledger.record_facts([*CATALOGUE, *facts])


def means(report: ExperimentReport) -> dict[str, Any]:
    return {one.metric: (one.arms.treated, one.arms.held_out) for one in report.metrics}


async def test_a_report_joins_exposures_with_orders(ledger: AnyLedger) -> None:
    await shop(
        ledger,
        sold("o1", session="se_0.3"),
        sold("o2", session="se_1"),
        sold("o3", customer="c1"),
        sold("o4"),
    )
    found = await reported(ledger)
    assert (found.treated, found.held_out, found.unlinked) == (3, 2, 1)
    assert found.currency == "EUR"
    assert found.conclusion is Conclusion.TOO_EARLY
    assert means(found)["margin"] == (pytest.approx(2 * 4000 / 3), pytest.approx(4000 / 2))
    assert means(found)["conversion"] == (pytest.approx(2 / 3), pytest.approx(1 / 2))
    assert means(found)["item_bought"][0] == pytest.approx(2 / 3)


async def test_the_other_orders_of_a_guest_who_became_a_customer_count(ledger: AnyLedger) -> None:
    await shop(
        ledger,
        sold("a1", customer="c7"),
        sold("b1", session="se_0", customer="c7"),
        sold("c1", customer="c8"),
    )
    found = means(await reported(ledger))
    assert found["repeat_purchase"] == (pytest.approx(1 / 3), 0)
    assert found["margin"][0] == pytest.approx(2 * 4000 / 3)


async def test_orders_that_are_cancelled_unpaid_gone_or_out_of_time_do_not_count(
    ledger: AnyLedger,
) -> None:
    await shop(
        ledger,
        sold("o1", session="se_0", status="cancelled"),
        sold("o2", session="se_0", paid=False),
        sold("o3", session="se_0"),
        fact("gone", "order|o3||", of="order", order="o3", at=T0 + 2 * DAY),
        fact("gone", "price|X||", of="price", sku="X"),
        sold("o5", T0 - 200 * DAY, session="se_0"),
        sold("o6", NOW + 60 * DAY, session="se_0"),
    )
    assert means(await reported(ledger))["conversion"] == (0, 0)


async def test_returns_cases_dismissals_and_savings_are_read(ledger: AnyLedger) -> None:
    back = {"return": "r1", "order": "o1", "at": format_rfc3339(T0 + DAY), "status": "received"}
    complaint = {
        "case": "k1", "customer": "c1", "kind": "late", "status": "open",
        "opened_at": format_rfc3339(T0 + DAY),
    }  # fmt: skip
    await shop(
        ledger,
        sold("o1", session="se_0"),
        row("return", "r1", back),
        row("case", "k1", complaint),
    )
    await ledger.commit(push(accepted("of_1", customer="c1", session="se_9"), limit=None))
    await run_redemption(ledger, redeem, offer="of_1", order="o9")
    away = offer("of_2", session="se_1")
    await ledger.commit(push(away, limit=None))
    ledger.record(leave(away, OfferState.DECLINED, limit=None))
    await ledger.flush()
    found = means(await reported(ledger))
    third = pytest.approx(1 / 3)
    assert found["margin"] == (0, 0)
    assert (found["return_rate"], found["complaint_rate"]) == ((third, 0), (third, 0))
    assert found["dismissal_rate"] == (0, pytest.approx(1 / 2))
    assert found["discount"] == (pytest.approx(1935 / 3), 0)


async def test_a_report_is_of_one_rule_one_territory_and_one_time(ledger: AnyLedger) -> None:
    await ledger.commit(
        turn(
            exposure("se_1"),
            exposure("se_2", territory="AT", is_treated=False),
            exposure("se_3", rule="r2", at=T0 + DAY),
        )
    )
    assert (await reported(ledger)).treated == 2
    assert (await reported(ledger, rule="r2")).treated == 1
    assert (await reported(ledger, territory="AT")).held_out == 1
    assert (await reported(ledger, since=T0 + 1)).treated == 1
    assert (await reported(ledger, window=30 * DAY)).immature == 3


async def test_facts_are_read_in_pages(ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_orders, "PAGE_FACTS", 2)
    monkeypatch.setattr(report_orders, "SKUS_AT_ONCE", 1)
    await shop(ledger, *(sold(f"o{n}", session="se_0") for n in range(5)))
    assert means(await reported(ledger))["margin"][0] == pytest.approx(5 * 4000 / 3)


async def test_an_empty_ledger_gives_an_empty_report(ledger: AnyLedger) -> None:
    found = await reported(ledger)
    assert (found.treated, found.held_out, found.metrics) == (0, 0, ())


async def test_the_rules_of_an_experiment_are_compared_in_its_latest_edition(
    ledger: AnyLedger,
) -> None:
    def of_arm(unit: str, rule: str, edition: str = "e2", **changes: Any) -> Any:
        terms = {
            "rule": rule, "experiment": "E", "edition": edition, "treated_bp": 9000,
            "arm_bp": 4500, "at": T0 + DAY,
        }  # fmt: skip
        return exposure(unit, **terms | changes)

    ledger.record(
        turn(
            of_arm("se_1", "ten"),
            of_arm("se_2", "more"),
            of_arm("se_3", "ten", is_treated=False, arm_bp=0),
            of_arm("se_4", "ten", "e1", at=T0),
            exposure("se_5", rule="ten"),
            exposure("se_6", rule="ten", experiment="F", edition="f1"),
        )
    )
    await ledger.flush()
    question = structs.replace(EVERYTHING, experiment="E")
    found = await ReportService(ledger, Clock()).variants(question)
    assert [(one.rule, one.share_bp, one.units) for one in found.arms] == [
        ("more", 4500, 1),
        ("ten", 4500, 1),
        ("", 1000, 1),
    ]
    assert (found.edition, found.other_edition, found.started) == ("e2", 1, T0 + DAY)
    alone = await reported(ledger, rule="ten")
    assert alone.treated + alone.held_out == 1
    nothing = await ReportService(ledger, Clock()).variants(
        structs.replace(question, experiment="none")
    )
    assert (nothing.edition, nothing.arms) == ("", ())


def rows_of_a_shop(chance: Random) -> tuple[list[Exposure], list[FactRow]]:
    """Exposures and facts in which guests become customers, and orders are returned and unpaid."""
    exposed, facts = [], list(CATALOGUE)
    for number in range(chance.randrange(25)):
        at = T0 + chance.randrange(20) * DAY
        terms = {
            "is_treated": chance.random() < 0.5, "at": at, "rule": chance.choice(["r1", "r2"]),
            "treated_bp": chance.choice([5000, 5000, 9000]),
        }  # fmt: skip
        session = f"se_{chance.randrange(12)}"
        if chance.random() < 0.4:
            exposed.append(of_customer(f"c{chance.randrange(8)}", session=session, **terms))
        else:
            exposed.append(exposure(session, **terms))
        named: dict[str, Any] = {}
        if chance.random() < 0.5:
            named["session"] = f"se_{chance.randrange(16)}"
        if chance.random() < 0.5:
            named["customer"] = f"c{chance.randrange(10)}"
        placed = T0 + chance.randrange(-120, 30) * DAY
        paid = chance.random() < 0.9
        made = sold(f"o{number}", placed, paid=paid, also=[f"cart{number}"], **named)
        # A release without heads stored the others.
        facts.append(made if chance.random() < 0.7 else structs.replace(made, own_at=None))
        if chance.random() < 0.2:
            back = {
                "return": f"b{number}", "at": format_rfc3339(placed + DAY), "status": "received",
                "order": f"{chance.choice(['o', 'cart'])}{number}",
            }  # fmt: skip
            facts.append(row("return", f"b{number}", back))
        if chance.random() < 0.1:
            facts.append(fact("gone", f"order|o{number}||", of="order", order=f"o{number}"))
    return exposed, facts


async def plain_report(ledger: AnyLedger, rule: str | None) -> ExperimentReport:
    """The report of all triggers and all whole orders, which reads everything."""
    pages = ledger.exposures(EVERYTHING.since, EVERYTHING.until, rule=rule)
    triggers = [trigger_of(one) async for page in pages for one in page]
    unit_of = ledger.digests_of("customer")
    kinds: dict[str, list[Any]] = {
        kind: [decode_stored(one.body) for one in await ledger.facts_of_kind(kind, "", 10_000)]
        for kind in ("order", "return", "gone", "product", "price", "cost")
    }
    terms = SkuTerms()
    for kind in ("product", "price", "cost"):
        for known in kinds[kind]:
            terms.add(known)
    gone = {one.order for one in kinds["gone"]}
    first, last = EVERYTHING.since - HISTORY, EVERYTHING.until + EVERYTHING.window
    orders: list[MeasuredOrder] = []
    buyers: dict[str, Who] = {}
    for one in kinds["order"]:
        if not one.paid or one.order in gone or not first <= ms(one.placed_at) < last:
            continue
        who = Who(unit_of(one.customer) if one.customer else None, one.session)
        orders.append(measured_order(one, who, terms, Returns(kinds["return"])))
        buyers |= dict.fromkeys(one.ids, who)
    events = events_of(kinds["return"], (), buyers, unit_of)
    wanted = ReportTerms(now=NOW, latest_share=rule is not None)
    return report_experiment(triggers, orders, events, wanted)


@pytest.mark.parametrize("seed", range(40))
async def test_a_report_is_that_of_all_triggers_and_all_orders(seed: int, tmp_path: Path) -> None:
    ledger = MemoryLedger() if seed % 2 else SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    exposed, facts = rows_of_a_shop(Random(seed))
    await ledger.commit(turn(*exposed))
    await ledger.record_facts(facts)
    service = ReportService(ledger, Clock())
    assert await reported(ledger) == await plain_report(ledger, None)
    by_rule = await service.by_rule(EVERYTHING)
    for rule, found in by_rule.items():
        expected = await plain_report(ledger, rule)
        assert found == expected
        assert await reported(ledger, rule=rule) == expected
    assert by_rule.keys() == {one.rule for one in exposed if one.at < NOW}
    await ledger.close()


async def test_orders_of_the_hour_that_a_clock_change_repeats_count_once_and_in_their_time(
    ledger: AnyLedger,
) -> None:
    first = ms(msgspec.convert("2026-10-25T02:30:00+02:00", datetime))
    texts = [
        "2026-10-25T02:29:59+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:29:59+01:00",
        "2026-10-25T02:30:00+01:00", "2026-10-25T01:29:59Z", "2026-10-25T01:30:00Z",
    ]  # fmt: skip
    hour, orders = 3_600_000, list[FactRow]()
    await ledger.commit(turn(*(exposure(f"se_{number}", at=first) for number in range(6))))
    for number, text in enumerate(texts):
        at = ms(msgspec.convert(text, datetime))
        made = sold(f"o{number}", at, session=f"se_{number}", placed_at=text)
        orders.append(made if number % 2 else structs.replace(made, own_at=None))
    await ledger.record_facts([*CATALOGUE, *orders])
    service = ReportService(ledger, TestClock(first + 9 * hour))
    table = await service.units(ReportQuestion(since=first, until=first + 1, window=hour))
    assert [one.orders for one in table.rows] == [0, 1, 1, 0, 1, 0]


async def test_an_erased_customer_leaves_the_report_of_a_shop_that_never_had_them(
    ledger: AnyLedger,
) -> None:
    others = [sold("o1", session="se_0"), sold("o2", session="se_1", customer="c2"), sold("o3")]
    await shop(
        ledger, *others, sold("o4", customer="c1"), sold("o5", session="se_9", customer="c1")
    )
    with_them = await reported(ledger)
    await ledger.erase_customer("c1", "erased-1", T0 + 2 * DAY)
    without = MemoryLedger()
    await without.open()
    arms = [exposure(f"se_{n}", is_treated=n % 2 == 0) for n in range(4)]
    await without.commit(turn(*arms))
    await without.record_facts([*CATALOGUE, *others])
    found = await reported(ledger)
    assert found == await reported(without)
    assert (with_them.treated, found.treated) == (3, 2)
    await without.close()


@pytest.mark.parametrize(("kind", "key"), [("order", "o1"), ("return", "b1"), ("case", "k1")])
async def test_a_damaged_fact_is_named_instead_of_guessed(
    ledger: AnyLedger, kind: str, key: str
) -> None:
    damaged = structs.replace(fact(kind, key, subjects=((kind, key),)), body=b'{"type":"order')
    await shop(ledger, sold("o2", session="se_0"), damaged)
    with pytest.raises(LedgerError, match=f"The {kind} {key} is damaged in the ledger"):
        await reported(ledger)


async def test_a_clock_that_jumped_ahead_and_back_makes_no_shopper_count_twice(
    ledger: AnyLedger,
) -> None:
    ahead = exposure("se_0", at=NOW + 300 * DAY)
    await ledger.commit(turn(ahead, exposure("se_1", at=T0 + 3 * DAY)))
    await ledger.commit(turn(exposure("se_0", at=T0 + 2 * DAY)))
    await ledger.record_facts([*CATALOGUE, sold("o1", session="se_1", at=T0 + 4 * DAY)])
    found = await reported(ledger)
    assert (found.treated + found.held_out, found.immature) == (1, 0)
