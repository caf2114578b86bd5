"""Every ledger knows what people did, and forgets whom it must."""

import msgspec
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, fact, offer, push, redeem, stock
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.ports.operator_actions import OperatorAction


async def test_what_people_did_is_kept_newest_first_and_found_by_customer(ledger):
    paused = OperatorAction(at=T0, who="Ada", act="rule.paused", subject="r1")
    issued = OperatorAction(at=T0 + 1, who="Bo", act="fact.stated", subject="v-c1", customer="c1")
    reloaded = OperatorAction(
        at=T0 + 2, who="the key", act="rulebook.reloaded", subject="v2", detail="active"
    )
    for act in (paused, issued, reloaded):
        await ledger.record_operator_action(act)
    assert await ledger.operator_actions() == [reloaded, issued, paused]
    assert await ledger.operator_actions(limit=1) == [reloaded]
    assert await ledger.operator_actions(customer="c1") == [issued]
    assert (await ledger.export_customer("c1"))["acts"] == [
        {"at": T0 + 1, "who": "Bo", "act": "fact.stated", "subject": "v-c1", "detail": "", "customer": "c1"}
    ]  # fmt: skip
    assert await ledger.erase_customer("c1", "erased-77") == 1
    assert await ledger.operator_actions(customer="c1") == []
    left = structs.replace(issued, subject="erased-77", customer="erased-77")
    assert await ledger.operator_actions() == [reloaded, left, paused]


async def test_erasing_a_customer_leaves_money_under_an_alias_and_others_untouched(ledger):
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
        structs.replace(turn, state=b"c1", customer="c1", contacts={"c1": b"[]"},
                        entry=entry(customer="c1"))
    )  # fmt: skip
    await ledger.run_redemption(redeem, offer="of_1", order="o1")
    assert await ledger.erase_customer("c1", "erased-77") > 0
    assert await ledger.facts_about([("customer", "c1"), ("order", "o1")]) == []
    (case,) = await ledger.facts_about([("customer", "c2")], ["case"])
    assert msgspec.json.decode(case.body)["purchaser"] == "erased-77"
    assert await ledger.session("se_1") is None
    assert await ledger.contact("c1") is None
    assert await ledger.turn_entries() == []
    assert await ledger.offer_steps(customer="c1") == []
    left = await ledger.offer("of_1")
    assert (left.customer, left.session, left.hold) == ("erased-77", "erased-77", 1935)
    assert await ledger.reconcile() == []


async def test_a_retry_after_an_erasure_still_finds_its_redemption(ledger):
    await ledger.commit(push(accepted(customer="c1")))
    await ledger.run_redemption(redeem, offer="of_1", order="o1")
    await ledger.erase_customer("c1", "alias")
    seen: list[RedemptionState] = []

    def looking(desk: RedemptionState) -> RedemptionOutcome:
        seen.append(desk)
        return RedemptionOutcome(status=200, body=b"", redemptions=desk.redemptions)

    await ledger.run_redemption(looking, offer="of_1", order="o1")
    await ledger.run_redemption(looking, offer=None, order="o1")
    assert [row.order for desk in seen for row in desk.redemptions] == ["o1", "o1"]


async def test_an_export_holds_all_that_is_kept_about_a_customer(ledger):
    await ledger.record_facts([fact("customer", "c1", subjects=(("customer", "c1"),), tier="gold")])
    turn = push(accepted(customer="c1"))
    await ledger.commit(
        structs.replace(turn, state=b'{"id":"se_1"}', customer="c1", contacts={"c1": b"{}"},
                        entry=entry(customer="c1"))
    )  # fmt: skip
    await ledger.run_redemption(redeem, offer="of_1", order="o1")
    found = await ledger.export_customer("c1")
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    assert found["facts"][0]["fact"]["tier"] == "gold"
    assert found["contact"] == {}
    assert found["sessions"] == [{"id": "se_1"}]
    assert found["offers"][0]["id"] == "of_1"
    assert found["redemptions"][0]["order"] == "o1"
    assert found["decisions"][0]["signal"] == {"type": "view"}


async def test_pruning_drops_what_ended_and_nothing_that_stands(ledger):
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
