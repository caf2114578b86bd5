"""The contract of `CustomerData`: export, erasure and expiry."""

from typing import Any

import msgspec
from msgspec import structs

from support.ledger_rows import (
    T0,
    AnyLedger,
    accepted,
    entry,
    exported,
    fact,
    offer,
    present,
    push,
    redeem,
    stock,
)
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION, ContactFacts
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, FactRow
from tactful.stores.shared.stored_structs import session_data


async def test_erasing_a_customer_keeps_money_rows_under_an_alias_and_other_customers_whole(
    ledger: AnyLedger,
) -> None:
    about = (("customer", "c1"),)
    await ledger.record_facts([
        fact("customer", "c1", subjects=about, customer="c1"),
        fact("order", "o1", subjects=(("order", "o1"), *about), customer="c1"),
        fact("return", "r1", subjects=(("order", "o1"),), order="o1"),
        fact("case", "k1", subjects=(("case", "k1"), *about, ("customer", "c2")),
             customer="c2", purchaser="c1"),
        fact("customer", "c2", subjects=(("customer", "c2"),), customer="c2"),
    ])  # fmt: skip
    turn = push(accepted(customer="c1"))
    await ledger.commit(
        structs.replace(turn, state=b"c1", customer="c1", contacts={"c1": ContactWrite(0, b"[]")},
                        entry=entry(customer="c1"))
    )  # fmt: skip
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    assert await ledger.erase_customer("c1", "erased-77", T0) > 0
    assert await ledger.facts_about([("customer", "c1"), ("order", "o1")]) == []
    (case,) = await ledger.facts_about([("customer", "c2")], ["case"])
    assert msgspec.json.decode(case.body)["purchaser"] == "erased-77"
    assert await ledger.session("se_1") is None
    assert await ledger.contact("c1") is None
    assert await ledger.turn_entries() == []
    assert await ledger.offer_steps(customer="c1") == []
    left = present(await ledger.offer("of_1"))
    assert (left.customer, left.session, left.hold) == ("erased-77", "erased-77", 1935)
    assert await ledger.reconcile() == []


async def test_a_retry_after_an_erasure_still_finds_its_redemption(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted(customer="c1")))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    await ledger.erase_customer("c1", "alias", T0)
    seen: list[RedemptionState] = []

    def looking(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"", redemptions=state.redemptions)

    await ledger.run_redemption(looking, offers=("of_1",), order="o1")
    await ledger.run_redemption(looking, order="o1")
    assert [row.order for state in seen for row in state.redemptions] == ["o1", "o1"]


async def test_an_export_holds_everything_stored_about_a_customer(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact("customer", "c1", subjects=(("customer", "c1"),), tier="gold")])
    turn = push(accepted(customer="c1"))
    await ledger.commit(
        structs.replace(turn, state=b'{"id":"se_1"}', customer="c1", contacts={"c1": ContactWrite(0, b"{}")},
                        entry=entry(customer="c1"))
    )  # fmt: skip
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    found: dict[str, Any] = await exported(ledger, "c1")
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    assert found["facts"][0]["fact"]["tier"] == "gold"
    assert found["contact"] == [{}]
    # Fields that are not stored because they are at their defaults are exported too.
    assert found["sessions"] == [session_data(b'{"id":"se_1"}')]
    assert found["offers"][0].keys() == {field.encode_name for field in structs.fields(Offer)}
    assert found["offers"][0]["id"] == "of_1"
    assert found["redemptions"][0]["order"] == "o1"
    assert found["decisions"][0]["signal"] == {"type": "view"}


async def test_pruning_deletes_what_ended_and_nothing_that_is_standing(ledger: AnyLedger) -> None:
    await ledger.record_facts(
        [stock(5, 1, at=T0), stock(4, 2, at=T0 + 10), stock(3, 3, at=T0 + 20)]
    )
    await ledger.commit(Commit(session="old", state=b"", seen_at=T0, entry=entry("old", T0)))
    await ledger.commit(structs.replace(push(offer(session="holds")), state=b"", seen_at=T0))
    await ledger.commit(
        Commit(session="new", state=b"", seen_at=T0 + 20, entry=entry("new", T0 + 20))
    )
    assert await ledger.prune(before=T0 + 15) == 3
    assert [one.at for one in await ledger.fact_versions("stock", "RUN-42|DE|")] == [
        T0 + 10,
        T0 + 20,
    ]
    assert await ledger.session("old") is None
    assert await ledger.session("holds") is not None
    assert [found.session for found in await ledger.turn_entries()] == ["new"]


async def test_public_prices_outlive_other_facts_by_a_year(ledger: AnyLedger) -> None:
    def priced(amount: int, at: int) -> FactRow:
        return fact("price", "RUN-42|DE", version=None, amount=amount, at=at)

    year = EXTRA_PRICE_RETENTION
    await ledger.record_facts([priced(1, 10), fact(version=1, at=10)])
    await ledger.record_facts([priced(2, 20), fact(version=2, at=20)])
    assert await ledger.prune(before=20 + year) == 1
    assert len(await ledger.fact_versions("price", "RUN-42|DE")) == 2
    assert await ledger.prune(before=21 + year) == 1
    assert len(await ledger.fact_versions("price", "RUN-42|DE")) == 1


YEAR = 365 * 86_400_000


async def test_ended_offers_go_after_the_retention_and_their_counts_stay(ledger: AnyLedger) -> None:
    shown = offer("of_shown", session="se_2", state=OfferState.SHOWN)
    await ledger.commit(
        Commit(offers=(shown,), steps=(OfferStep("of_shown", T0, 1, OfferState.SHOWN),))
    )
    expired = structs.replace(shown, state=OfferState.EXPIRED)
    ledger.record(
        Commit(offers=(expired,), steps=(OfferStep("of_shown", T0 + 9, 2, OfferState.EXPIRED),))
    )
    await ledger.commit(
        Commit(offers=(offer("of_stands", session="se_3", state=OfferState.SHOWN),),
               steps=(OfferStep("of_stands", T0, 1, OfferState.SHOWN),))
    )  # fmt: skip
    counts = await ledger.outcomes(), await ledger.rule_steps()
    await ledger.prune(before=T0 + 9)
    assert await ledger.offer("of_shown") is not None, "it ended at that instant, not before"
    await ledger.prune(before=T0 + YEAR)
    assert await ledger.offer("of_shown") is None
    assert await ledger.offer_steps(offer="of_shown") == []
    assert await ledger.offer("of_stands") is not None
    assert (await ledger.outcomes(), await ledger.rule_steps()) == counts
    assert await ledger.reconcile() == []


async def test_a_redeemed_offer_loses_its_customer_first_and_its_money_rows_later(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(push(accepted(customer="c1")))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    balances = await ledger.balances()
    await ledger.prune(before=T0 + YEAR)
    kept = present(await ledger.offer("of_1"))
    assert kept.customer is not None
    # A random part of the alias may happen to contain the id.
    assert kept.customer.startswith("pruned-")
    assert kept.session.startswith("pruned-")
    assert (await exported(ledger, "c1"))["redemptions"] == []
    assert await ledger.prune(before=T0 + YEAR) == 0, "it is cut off once"
    seen: list[RedemptionState] = []

    def looking(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"")

    await ledger.run_redemption(looking, offers=("of_1",), order="o1")
    assert [row.order for state in seen for row in state.redemptions] == ["o1"]
    await ledger.prune(before=T0 + YEAR, money_before=T0 + YEAR)
    assert await ledger.offer("of_1") is None
    assert await ledger.balances() == balances
    assert await ledger.reconcile() == []


async def test_a_contact_history_goes_when_nothing_else_of_the_customer_is_left(
    ledger: AnyLedger,
) -> None:
    turn = push(accepted(customer="c1"), limit=None)
    await ledger.commit(structs.replace(turn, contacts={"c1": ContactWrite(None, b"[]")}))
    await ledger.commit(Commit(contacts={"c2": ContactWrite(None, b"[]")}))
    await ledger.prune(before=T0 - 1)
    assert await ledger.contact("c1") is not None
    assert await ledger.contact("c2") is None


def about_contact(kind: str, ident: str, *subjects: tuple[str, str], **fields: Any) -> FactRow:
    body = {"type": kind, kind: ident, **BASE[kind], **fields, "contact": {"email_hash": "c0ffee"}}
    row = fact(kind, ident, subjects=(*subjects, ("contact", "c0ffee")))
    return structs.replace(row, body=msgspec.json.encode(body))


BASE: dict[str, dict[str, Any]] = {
    "customer": {},
    "case": {"kind": "defect", "status": "open", "opened_at": "2026-03-01T00:00:00Z"},
    "order": {
        "territory": "DE", "placed_at": "2026-03-01T00:00:00Z", "status": "placed", "lines": [],
    },
}  # fmt: skip


async def report_contact(ledger: AnyLedger) -> None:
    await ledger.record_facts([
        about_contact("customer", "c1", ("customer", "c1")),
        about_contact("case", "k1", ("case", "k1")),
        about_contact("order", "o1", ("order", "o1")),
        about_contact("order", "o2", ("order", "o2"), ("customer", "c2"), customer="c2"),
        fact("return", "r1", subjects=(("order", "o1"),), order="o1"),
    ])  # fmt: skip


async def test_facts_that_only_a_contact_links_to_a_customer_are_exported_and_erased(
    ledger: AnyLedger,
) -> None:
    await report_contact(ledger)
    kinds = {
        row["fact"].get("order") or row["fact"].get("case")
        for row in (await exported(ledger, "c1"))["facts"]
    }
    assert kinds == {None, "k1", "o1"}
    assert await ledger.erase_customer("c1", "alias", T0) > 0
    left = await ledger.facts_about([("contact", "c0ffee"), ("order", "o1")])
    assert [one.key for one in left] == ["o2"]
    assert await ledger.tombstone("contact", "c0ffee") is not None
    again = structs.replace(about_contact("case", "k2", ("case", "k2")), own_at=T0)
    later = structs.replace(about_contact("case", "k3", ("case", "k3")), own_at=T0 + 1)
    outcomes = await ledger.record_facts([again, later])
    assert [one.value for one in outcomes] == ["erased", "accepted"]


async def test_erasing_a_contact_keeps_the_facts_of_customers(ledger: AnyLedger) -> None:
    await report_contact(ledger)
    before = await ledger.count_contact_facts("c0ffee")
    assert before == ContactFacts({"case": 1, "order": 1, "return": 1}, named=2)
    assert await ledger.erase_contact("c0ffee", "alias", T0) > 0
    left = await ledger.facts_about([("contact", "c0ffee"), ("order", "o1")])
    assert [one.key for one in left] == ["c1", "o2"]
    assert b"c0ffee" not in b"".join(
        repr(one.subjects).encode()
        for one in await ledger.changes(0)
        if one.kind == "customer_erased"
    )
    assert await ledger.count_contact_facts("c0ffee") == ContactFacts({}, named=2)
    assert await ledger.erase_contact("c0ffee", "alias", T0) == 0


async def test_a_damaged_fact_keeps_no_customer_from_being_erased(ledger: AnyLedger) -> None:
    damaged = about_contact("customer", "c1", ("customer", "c1"))
    await ledger.record_facts([structs.replace(damaged, body=b'{"type":"customer"}')])
    assert await ledger.erase_customer("c1", "alias", T0) > 0
    assert await ledger.facts_about([("customer", "c1")]) == []
