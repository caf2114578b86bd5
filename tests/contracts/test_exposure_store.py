"""The contract of `ExposureStore`: the first trigger of each unit and rule."""

from typing import Any

from msgspec import structs

from support.ledger_rows import (
    T0,
    AnyLedger,
    accepted,
    entry,
    exported,
    leave,
    offer,
    push,
    redeem,
    run_redemption,
)
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.exposure_store import Exposure, ExposureRow, OfferReaction
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite

EVER = 2**62


def exposure(unit: str = "se_1", **changes: Any) -> Exposure:
    """The first time that a session was shown an offer of `r1`."""
    made = Exposure(
        unit=unit,
        is_customer=False,
        session=unit,
        rule="r1",
        is_treated=True,
        treated_bp=5000,
        at=T0,
        product="aero",
        territory="DE",
        currency="EUR",
        saved=1935,
    )
    return structs.replace(made, **changes)


def of_customer(customer: str = "c1", **changes: Any) -> Exposure:
    return exposure(customer, is_customer=True, **{"session": "se_1", **changes})


def row_of(one: Exposure) -> ExposureRow:
    """What a report reads of an exposure."""
    return (
        one.unit, one.session, one.rule, one.edition, one.is_customer, one.is_treated,
        one.treated_bp, one.at, one.product, one.territory, one.arm_bp,
    )  # fmt: skip


def rows(*exposures: Exposure) -> list[ExposureRow]:
    return [*map(row_of, exposures)]


def turn(*exposures: Exposure) -> Commit:
    return Commit(exposures=exposures)


async def stored(
    ledger: AnyLedger,
    since: int = 0,
    until: int = EVER,
    rule: str | None = None,
    experiment: str | None = None,
) -> list[ExposureRow]:
    pages = ledger.exposures(since, until, rule=rule, experiment=experiment)
    found = [one async for page in pages for one in page]
    unit_pages = ledger.exposed_units(since, until, rule=rule, experiment=experiment)
    assert [one async for page in unit_pages for one in page] == [
        (unit, session, is_customer) for unit, session, _, _, is_customer, *_ in found
    ]
    return found


async def test_the_first_exposure_of_a_unit_and_rule_stays(ledger: AnyLedger) -> None:
    assert await ledger.commit(turn(exposure())) is None
    ledger.record(turn(exposure(at=T0 + 1, is_treated=False), exposure(rule="r2", at=T0 + 1)))
    ledger.record(turn(exposure("se_2", is_treated=False), exposure("se_2", at=T0 + 5)))
    assert await stored(ledger) == rows(
        exposure(),
        exposure(rule="r2", at=T0 + 1),
        exposure("se_2", is_treated=False),
    )


async def test_a_refused_commit_exposes_nobody(ledger: AnyLedger) -> None:
    refused = structs.replace(push(offer(), limit=1), exposures=(exposure(),))
    assert await ledger.commit(refused) is not None
    assert await stored(ledger) == []


async def test_a_customer_is_stored_under_the_digest_that_reports_can_look_up(
    ledger: AnyLedger,
) -> None:
    ledger.record(turn(of_customer()))
    (found,) = await stored(ledger)
    assert found[0] == ledger.erasure_digest("customer", "c1")
    assert found[0] == ledger.digests_of("customer")("c1")
    assert found == row_of(structs.replace(of_customer(), unit=found[0]))


async def test_exposures_are_read_by_time_and_rule(ledger: AnyLedger) -> None:
    early, late = exposure("se_1", at=T0), exposure("se_2", at=T0 + 10)
    other = exposure("se_3", at=T0 + 5, rule="r2")
    ledger.record(turn(late, other, early))
    assert await stored(ledger, since=T0 + 1) == rows(late, other)
    assert await stored(ledger, until=T0 + 10) == rows(early, other)
    assert await stored(ledger, rule="r1") == rows(early, late)
    assert await stored(ledger, rule="r3") == []


async def test_a_unit_has_an_exposure_for_each_edition_of_an_experiment(ledger: AnyLedger) -> None:
    plain = exposure()
    first = exposure(experiment="E", edition="e1", arm_bp=4500, at=T0 + 1)
    second = exposure(experiment="E", edition="e2", arm_bp=5000, at=T0 + 2)
    ledger.record(turn(second, first, plain))
    ledger.record(turn(structs.replace(first, at=T0 + 9)))
    assert await stored(ledger) == rows(plain, first, second)
    assert await stored(ledger, rule="r1") == rows(plain)
    assert await stored(ledger, experiment="E") == rows(first, second)
    assert await stored(ledger, experiment="F") == []
    assert await ledger.prune(before=T0, report_before=T0 + 2) == 2
    assert await stored(ledger) == rows(second)


async def test_an_erasure_deletes_the_exposures_of_the_customer_and_of_their_sessions(
    ledger: AnyLedger,
) -> None:
    ledger.record(
        Commit(
            session="se_1",
            state=b"{}",
            customer="c1",
            entry=entry(customer="c1"),
            exposures=(of_customer(), exposure("se_1")),
        )
    )
    ledger.record(turn(of_customer("c2"), exposure("se_2")))
    await ledger.erase_customer("c1", "alias", T0)
    left = await stored(ledger)
    assert {row[0] for row in left} == {ledger.erasure_digest("customer", "c2"), "se_2"}


async def test_an_erased_customer_is_not_exposed_again_until_the_id_begins_anew(
    ledger: AnyLedger,
) -> None:
    await ledger.erase_customer("c1", "alias", T0)
    ledger.record(turn(of_customer(), exposure("se_9")))
    assert [row[0] for row in await stored(ledger)] == ["se_9"]
    await ledger.begin_anew("customer", "c1", T0 + 1)
    ledger.record(turn(of_customer()))
    await ledger.flush()
    assert len(await stored(ledger)) == 2
    await ledger.erase_customer("c1", "alias-2", T0 + 2)
    assert [row[0] for row in await stored(ledger)] == ["se_9"]


async def test_an_open_session_keeps_its_exposures_when_its_customer_is_erased(
    ledger: AnyLedger,
) -> None:
    ledger.record(
        Commit(session="se_1", state=b"{}", customer="c1", exposures=(of_customer(), exposure()))
    )
    await ledger.erase_customer("c1", "alias", T0, open_sessions={"se_1"})
    assert await stored(ledger) == rows(exposure())


async def test_a_forgotten_session_leaves_no_exposure(ledger: AnyLedger) -> None:
    ledger.record(
        Commit(session="se_1", state=b"{}", exposures=(exposure("se_1"), exposure("se_2")))
    )
    await ledger.flush()
    await ledger.forget_session("se_1")
    assert await stored(ledger) == rows(exposure("se_2"))


async def test_an_export_has_the_exposures_of_a_customer_and_of_their_sessions(
    ledger: AnyLedger,
) -> None:
    ledger.record(
        Commit(
            session="se_1",
            state=b"{}",
            customer="c1",
            entry=entry(customer="c1"),
            contacts={"c1": ContactWrite(None, b"{}")},
            exposures=(of_customer(rule="r2"), exposure("se_1"), exposure("se_2")),
        )
    )
    await ledger.flush()
    found = (await exported(ledger, "c1"))["exposures"]
    assert sorted((one["rule"], one["session"], one["saved"]) for one in found) == [
        ("r1", "se_1", 1935),
        ("r2", "se_1", 1935),
    ]


async def test_old_exposures_are_deleted_after_their_own_retention(ledger: AnyLedger) -> None:
    ledger.record(turn(exposure(at=T0), exposure("se_2", at=T0 + 10)))
    assert await ledger.prune(before=T0 + 100) == 0
    assert await ledger.prune(before=T0 + 100, report_before=T0 + 10) == 1
    assert await stored(ledger) == rows(exposure("se_2", at=T0 + 10))


async def test_dismissals_and_savings_are_read_in_order_of_their_instants(
    ledger: AnyLedger,
) -> None:
    bought = accepted("of_1", customer="c1", session="se_1")
    await ledger.commit(push(bought, limit=None))
    (redeemed,) = (await run_redemption(ledger, redeem, offer="of_1", order="o1")).redemptions
    away = offer("of_2", session="se_2")
    await ledger.commit(push(away, limit=None))
    ledger.record(leave(away, OfferState.DECLINED, limit=None))
    expired = offer("of_3", session="se_3")
    await ledger.commit(push(expired, limit=None))
    ledger.record(leave(expired, OfferState.EXPIRED, limit=None))
    await ledger.flush()
    saving = OfferReaction(
        kind="saving",
        session="se_1",
        customer="c1",
        at=redeemed.at,
        saved=redeemed.saved,
        currency="EUR",
    )
    dismissal = structs.replace(saving, kind="dismissal", session="se_2", customer=None, saved=0)
    assert redeemed.at == T0
    assert await ledger.offer_reactions(0, EVER) == [dismissal, saving]
    assert await ledger.offer_reactions(T0 + 1, EVER) == []
    assert await ledger.offer_reactions(0, T0) == []
