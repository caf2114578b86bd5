"""Every ledger keeps the same promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from ledgers import T0, accepted, entry, fact, leave, offer, push, release, step
from tactful.core.budgets import COUNT, BudgetMove
from tactful.core.offers import Offer, State
from tactful.core.rulings import BudgetRow, Desk, RedemptionRow, RefundRow, Ruling
from tactful.runtime.acts import Act
from tactful.runtime.ports import Commit, Refusal
from tactful.stores.memory import MemoryLedger
from tactful.stores.sqlite import SqliteLedger

AnyLedger = MemoryLedger | SqliteLedger


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyLedger]:
    made = MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


def stock(available: int, version: int | None, at: int = T0) -> object:
    return fact(version=version, at=at, available=available)


async def in_force(ledger: AnyLedger, at: int | None = None) -> list[object]:
    found = await ledger.facts_about([("sku", "RUN-42")], at=at)
    return [msgspec.json.decode(one.body)["available"] for one in found]


# facts


async def test_a_higher_version_supersedes_and_a_known_or_older_one_is_ignored(ledger):
    rows = [stock(5, 11), stock(0, 12), stock(5, 11), stock(0, 12), stock(7, 13)]
    assert await ledger.record_facts(rows) == [True, True, False, False, True]
    assert await in_force(ledger) == [7]


async def test_a_fact_without_a_version_is_newer_than_any(ledger):
    assert await ledger.record_facts([stock(5, 11), stock(4, None)]) == [True, True]
    assert await in_force(ledger) == [4]


async def test_versions_are_compared_only_with_the_highest_of_their_kind(ledger):
    rows = [
        fact(version=7, available=1),
        fact(version=("time", T0), available=2),
        fact(version=7, available=3),
        fact(version=("time", T0), available=4),
        fact(version=8, available=5),
    ]
    assert await ledger.record_facts(rows) == [True, True, False, False, True]


async def test_a_past_instant_shows_the_version_that_was_in_force_then(ledger):
    await ledger.record_facts([stock(5, 1, at=T0)])
    await ledger.record_facts([stock(0, 2, at=T0 + 100)])
    assert await in_force(ledger, T0 - 1) == []
    assert await in_force(ledger, T0) == [5]
    assert await in_force(ledger, T0 + 99) == [5]
    assert await in_force(ledger, T0 + 100) == [0]


async def test_on_a_clock_that_stands_still_the_last_report_of_an_instant_is_in_force(ledger):
    await ledger.record_facts([stock(5, 1), stock(4, 2), stock(3, 3)])
    assert await in_force(ledger, T0) == [3]
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, T0), (T0, None)]


async def test_a_clock_that_jumps_back_leaves_no_instant_without_a_version(ledger):
    await ledger.record_facts([stock(5, 1, at=T0), stock(4, 2, at=T0 - 3_600_000)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended) for one in kept] == [(T0, T0), (T0, None)]


async def test_the_number_of_a_fact_tells_apart_what_one_instant_knew(ledger):
    assert await ledger.newest_fact() == 0
    await ledger.record_facts([stock(5, 1), fact("cost", "c", 1), stock(4, 2)])
    kept = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [one.number for one in kept] == [1, 3]
    assert await ledger.newest_fact() == 3
    for upto, known in ((0, []), (1, [5]), (2, [5]), (3, [4]), (9, [4])):
        found = await ledger.facts_about([("sku", "RUN-42")], ("stock",), upto=upto)
        assert [msgspec.json.decode(one.body)["available"] for one in found] == known


async def test_a_fact_is_found_under_the_subjects_of_the_version_in_force_only(ledger):
    await ledger.record_facts([
        fact("product", "S", 1, subjects=(("sku", "S"), ("product", "old")), at=T0),
        fact("product", "S", 2, subjects=(("sku", "S"), ("product", "new")), at=T0 + 10),
    ])  # fmt: skip
    assert not await ledger.facts_about([("product", "old")])
    assert len(await ledger.facts_about([("product", "old")], at=T0)) == 1
    assert len(await ledger.facts_about([("product", "new")])) == 1
    assert not await ledger.facts_about([("product", "new")], at=T0)


async def test_a_fact_found_under_several_subjects_is_given_once(ledger):
    await ledger.record_facts([fact("case", "k1", subjects=(("customer", "a"), ("customer", "b")))])
    assert len(await ledger.facts_about([("customer", "a"), ("customer", "b")])) == 1


async def test_facts_can_be_asked_for_by_kind(ledger):
    await ledger.record_facts([fact("stock", "a"), fact("price", "b"), fact("cost", "c")])
    found = await ledger.facts_about([("sku", "RUN-42")], ["price", "cost"])
    assert [one.kind for one in found] == ["cost", "price"]


FEED = [
    fact("stock", f"S{key}|DE|", version, subjects=(("sku", f"S{key}"),), available=version)
    for key in range(4)
    for version in range(1, 6)
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.permutations(FEED * 2), second=st.permutations(FEED * 2))
async def test_a_feed_replayed_twice_and_shuffled_ends_in_the_same_bytes(
    tmp_path_factory, first, second
):
    digests = set()
    for feed, made in (
        (FEED, MemoryLedger()),
        (first, MemoryLedger()),
        (second, SqliteLedger(tmp_path_factory.mktemp("replay") / "tactful.db")),
    ):
        await made.open()
        for start in range(0, len(feed), 9):
            await made.record_facts(feed[start : start + 9])
        digests.add(await made.state_digest())
        await made.close()
    assert len(digests) == 1


async def test_the_digest_tells_states_apart(ledger):
    empty = await ledger.state_digest()
    await ledger.record_facts([stock(5, 1)])
    one = await ledger.state_digest()
    await ledger.record_facts([stock(4, 2)])
    assert len({empty, one, await ledger.state_digest()}) == 3


async def test_a_sign_of_life_is_kept_if_it_is_newer(ledger):
    await ledger.hear("stock", T0)
    await ledger.hear("stock", T0 - 5)
    await ledger.hear("cases", T0 - 5)
    assert await ledger.heard() == {"stock": T0, "cases": T0 - 5}


# turns and budgets


async def test_a_commit_keeps_session_offer_step_balance_contact_and_entry(ledger):
    made = offer()
    turn = structs.replace(
        push(made),
        state=b"{}",
        resume=b"digest",
        customer="c1",
        wake_at=T0 + 5,
        seen_at=T0,
        contacts={"c1": b"[]"},
        entry=entry(customer="c1"),
    )
    assert await ledger.commit(turn) is None
    saved = await ledger.session("se_1")
    assert saved == await ledger.session_by_resume(b"digest")
    assert (saved.customer, saved.state, saved.wake_at, saved.seen_at) == ("c1", b"{}", T0 + 5, T0)
    assert await ledger.offer("of_1") == made
    assert await ledger.standing() == [made]
    assert [row.step for row in await ledger.audit(session="se_1")] == [step(made)]
    assert await ledger.balances() == [BudgetRow("spring", "total", "EUR", 50_000, 1935, 0)]
    assert await ledger.contact("c1") == b"[]"
    assert await ledger.entries() == [entry(customer="c1")]
    assert await ledger.latest_session_of("c1") == "se_1"


async def test_a_reservation_beyond_the_limit_refuses_the_whole_commit(ledger):
    for number in range(5):
        made = offer(f"of_{number}", session=f"se_{number}")
        assert await ledger.commit(push(made, limit=10_000)) is None
    sixth = structs.replace(push(offer("of_6"), limit=10_000), state=b"{}", entry=entry())
    assert await ledger.commit(sixth) == Refusal("budget.spend", "spring", "EUR")
    assert await ledger.offer("of_6") is None
    assert await ledger.session("se_1") is None
    assert await ledger.entries() == []
    assert [row.reserved for row in await ledger.balances()] == [9675]
    assert await ledger.reconcile() == []


async def test_two_hundred_at_once_share_a_budget_of_five(ledger):
    turns = [push(offer(f"of_{n}", session=f"se_{n}"), limit=10_000) for n in range(200)]
    answers = await asyncio.gather(*(ledger.commit(turn) for turn in turns))
    assert sum(answer is None for answer in answers) == 5
    assert len(await ledger.standing()) == 5
    assert await ledger.reconcile() == []


async def test_a_count_is_limited_like_money(ledger):
    assert await ledger.commit(push(offer("of_1"), count=1)) is None
    refused = await ledger.commit(push(offer("of_2"), count=1))
    assert refused == Refusal("budget.count", "spring", COUNT)
    assert {row.currency: row.reserved for row in await ledger.balances()} == {"EUR": 1935, "#": 1}


async def test_a_replacement_moves_its_hold_within_one_commit(ledger):
    old, new = offer("of_1"), offer("of_2", hold=1900)
    assert await ledger.commit(push(old, limit=2_000)) is None
    swap = Commit(
        session="se_1",
        offers=(structs.replace(old, state=State.SUPERSEDED), new),
        moves=(release(old, 2_000), *push(new, limit=2_000).moves),
    )
    assert await ledger.commit(swap) is None
    assert [row.reserved for row in await ledger.balances()] == [1900]
    assert await ledger.standing() == [new]


async def test_a_limit_that_was_lowered_refuses_new_holds_and_lets_old_ones_go(ledger):
    made = offer()
    await ledger.commit(push(made, limit=10_000))
    assert await ledger.commit(push(offer("of_2"), limit=1_000)) is not None
    ended = structs.replace(made, state=State.EXPIRED)
    assert await ledger.commit(Commit(offers=(ended,), moves=(release(made, 1_000),))) is None
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.commit(push(offer("of_3"), limit=2_000)) is None
    assert [(row.limit, row.reserved) for row in await ledger.balances()] == [(2_000, 1935)]


async def test_an_offer_without_a_limit_is_never_refused(ledger):
    assert await ledger.commit(push(offer(hold=2**40), limit=None)) is None
    assert [row.limit for row in await ledger.balances()] == [None]


async def test_a_record_is_durable_after_a_flush_and_in_order(ledger):
    for number in range(300):
        ledger.record(
            Commit(session="se_1", state=b"%d" % number, seen_at=T0, entry=entry(at=T0 + number))
        )
    await ledger.flush()
    saved = await ledger.session("se_1")
    assert saved.state == b"299"
    assert [found.at for found in await ledger.entries()] == [T0 + n for n in range(300)]


async def test_a_later_write_of_a_session_never_is_overtaken_by_a_record(ledger):
    ledger.record(Commit(session="se_1", state=b"1"))
    await ledger.commit(Commit(session="se_1", state=b"2", resume=b"r"))
    ledger.record(Commit(session="se_1", state=b"3"))
    saved = await ledger.session("se_1")
    assert (saved.state, saved.resume) == (b"3", b"r")


async def test_a_recorded_exit_releases_its_hold(ledger):
    made = offer()
    await ledger.commit(push(made))
    ledger.record(leave(made, State.EXPIRED))
    await ledger.flush()
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.standing() == []
    assert await ledger.reconcile() == []


async def test_an_unchanged_session_keeps_its_state_and_secret(ledger):
    await ledger.commit(Commit(session="se_1", state=b"1", resume=b"r", seen_at=T0))
    await ledger.commit(Commit(session="se_1", entry=entry()))
    await ledger.commit(Commit(session="se_1", state=b"2", seen_at=T0 + 1))
    saved = await ledger.session("se_1")
    assert (saved.state, saved.resume, saved.seen_at) == (b"2", b"r", T0 + 1)


# what was redeemed


def redeem(desk: Desk) -> Ruling:
    held = desk.offers["of_1"]
    redeemed = structs.replace(held, state=State.REDEEMED, seq=9)
    return Ruling(
        status=200,
        body=b"won",
        redemptions=(
            RedemptionRow(
                id="rd_1", offer="of_1", order="o1", at=T0, status="redeemed", saved=1935
            ),
        ),
        offers=(redeemed,),
        steps=(step(redeemed),),
        moves=(BudgetMove("spring", "total", "EUR", 50_000, reserve=-1935, settle=1935),),
    )


async def test_a_judgement_sees_the_desk_and_its_ruling_is_written_whole(ledger):
    made = accepted()
    await ledger.commit(push(made))
    seen: list[Desk] = []

    def watching(desk: Desk) -> Ruling:
        seen.append(desk)
        return redeem(desk)

    assert (await ledger.judge(watching, offer="of_1", order="o1")).body == b"won"
    assert seen[-1].offers == {"of_1": made}
    assert seen[-1].seqs == {"se_1": made.seq}
    assert seen[-1].balances["spring", "total", "EUR"].reserved == 1935
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert await ledger.reconcile() == []

    def looking(desk: Desk) -> Ruling:
        seen.append(desk)
        return Ruling(status=200, body=b"", refund=RefundRow("f1", "o1", T0, b"q", b"a"))

    await ledger.judge(looking, order="o1", refund="f1")
    assert [row.order for row in seen[-1].redemptions] == ["o1"]
    assert seen[-1].offers["of_1"].state is State.REDEEMED
    await ledger.judge(
        lambda desk: seen.append(desk) or Ruling(status=200, body=b""), order="o1", refund="f1"
    )
    assert seen[-1].refund.answer == b"a"


async def test_a_turn_never_overwrites_what_a_redemption_ended(ledger):
    made = accepted()
    await ledger.commit(push(made))
    await ledger.judge(redeem, offer="of_1", order="o1")
    late = leave(made, State.EXPIRED)
    assert await ledger.commit(late) == Refusal("offer.ended", offer="of_1")
    ledger.record(structs.replace(late, entry=entry()))
    await ledger.flush()
    assert (await ledger.offer("of_1")).state is State.REDEEMED
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert [row.step.to for row in await ledger.audit(offer="of_1")] == ["redeemed", "accepted"]
    assert len(await ledger.entries()) == 1
    assert await ledger.reconcile() == []


async def test_a_judgement_that_fails_writes_nothing_and_harms_nobody_beside_it(ledger):
    def broken(desk: Desk) -> Ruling:
        message = "a programming error"
        raise ZeroDivisionError(message)

    answers = await asyncio.gather(
        ledger.commit(push(offer("of_1"))),
        ledger.judge(broken, offer="of_1", order="o1"),
        ledger.commit(push(offer("of_2"))),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), ZeroDivisionError, type(None)]
    assert len(await ledger.standing()) == 2
    assert ledger.failing is None


# sessions and records


async def test_sessions_wake_for_their_timer_or_for_what_stands(ledger):
    await ledger.commit(Commit(session="se_due", state=b"", wake_at=T0 - 1))
    await ledger.commit(Commit(session="se_later", state=b"", wake_at=T0))
    await ledger.commit(Commit(session="se_idle", state=b""))
    await ledger.commit(structs.replace(push(offer(session="se_holds")), state=b""))
    woken = await ledger.sessions_to_wake(T0)
    assert [saved.session for saved in woken] == ["se_due", "se_holds"]


async def test_a_forgotten_session_leaves_only_its_offers_under_another_id(ledger):
    await ledger.commit(structs.replace(push(offer()), state=b"secret", resume=b"r", entry=entry()))
    await ledger.forget_session("se_1")
    assert await ledger.session("se_1") is None
    assert await ledger.session_by_resume(b"r") is None
    assert await ledger.entries() == []
    assert (await ledger.offer("of_1")).session not in {"se_1", ""}
    assert await ledger.audit(session="se_1") == []
    assert len(await ledger.audit(offer="of_1")) == 1
    assert await ledger.reconcile() == []


async def test_the_audit_is_newest_first_and_bounded(ledger):
    made = offer(customer="c1")
    await ledger.commit(push(made))
    await ledger.commit(leave(made, State.WITHDRAWN, "complaint.open"))
    rows = await ledger.audit(customer="c1")
    assert [(row.step.to, row.step.reason) for row in rows] == [
        ("withdrawn", "complaint.open"),
        ("pushed", None),
    ]
    assert rows[0].offer.state is State.WITHDRAWN
    assert len(await ledger.audit(customer="c1", limit=1)) == 1


async def test_the_audit_of_a_customer_has_what_they_were_told_before_they_logged_in(ledger):
    """In one session: nobody, c1, nobody, c2. What nobody did belongs to who logs in next."""

    def turn(one: Offer, at: int, who: str | None, reason: str | None = None) -> Commit:
        made = structs.replace(push(one), entry=entry(at=at, customer=who))
        return structs.replace(made, steps=(step(one, reason, at),))

    early, own, late = offer("of_early"), offer("of_own", customer="c1"), offer("of_late")
    gone = structs.replace(early, state=State.WITHDRAWN)
    await ledger.commit(turn(early, T0, None))
    await ledger.commit(turn(gone, T0 + 10, "c1", "complaint.open"))
    await ledger.commit(turn(own, T0 + 20, "c1"))
    await ledger.commit(turn(structs.replace(own, state=State.WITHDRAWN), T0 + 30, None))
    await ledger.commit(turn(late, T0 + 40, None))
    await ledger.commit(Commit(entry=entry(at=T0 + 50, customer="c2")))
    after = structs.replace(late, state=State.DECLINED)
    await ledger.commit(turn(after, T0 + 60, None))

    async def audit(customer: str) -> list[tuple[str, str, str | None]]:
        rows = await ledger.audit(customer=customer)
        return [(row.offer.id, row.step.to.value, row.step.reason) for row in rows]

    assert await audit("c1") == [
        ("of_own", "withdrawn", None),
        ("of_own", "pushed", None),
        ("of_early", "withdrawn", "complaint.open"),
        ("of_early", "pushed", None),
    ]
    assert await audit("c2") == [("of_late", "pushed", None)]
    assert await audit("c3") == []
    assert len(await ledger.audit()) == 6


async def test_entries_are_given_by_session_and_half_open_window(ledger):
    for number in range(4):
        await ledger.commit(Commit(entry=entry(f"se_{number % 2}", T0 + number)))
    found = await ledger.entries(session="se_1", since=T0, until=T0 + 3)
    assert [one.at for one in found] == [T0 + 1]
    assert [one.at for one in await ledger.entries(since=T0 + 1, limit=2)] == [T0 + 1, T0 + 2]


async def test_the_latest_session_of_a_customer_is_known_for_a_past_instant_too(ledger):
    await ledger.commit(
        Commit(session="a", state=b"", customer="c1", seen_at=T0, entry=entry("a", customer="c1"))
    )
    later = entry("b", T0 + 10, customer="c1")
    await ledger.commit(Commit(session="b", state=b"", customer="c1", seen_at=T0 + 10, entry=later))
    assert await ledger.latest_session_of("c1") == "b"
    assert await ledger.latest_session_of("c1", T0 + 9) == "a"
    assert await ledger.latest_session_of("c1", T0 - 1) is None
    assert await ledger.latest_session_of("nobody") is None


# rulebooks


async def test_rulebooks_are_kept_with_each_activation(ledger):
    await ledger.keep_rulebook("v1", b"one", T0)
    await ledger.keep_rulebook("v2", b"two", T0 + 1)
    await ledger.keep_rulebook("v1", b"one", T0 + 2)
    assert await ledger.rulebooks() == [("v1", T0 + 2), ("v2", T0 + 1), ("v1", T0)]
    assert await ledger.rulebook_sources("v2") == b"two"
    assert await ledger.rulebook_sources("v3") is None


async def test_a_rule_is_paused_until_it_runs_again(ledger):
    await ledger.set_rule_state("r1", "paused")
    await ledger.set_rule_state("r1", "paused")
    assert await ledger.rule_states() == {"r1": "paused"}
    await ledger.set_rule_state("r1", "running")
    assert await ledger.rule_states() == {}


# people


async def test_what_people_did_is_kept_newest_first_and_found_by_customer(ledger):
    paused = Act(at=T0, who="Ada", act="rule.paused", subject="r1")
    issued = Act(at=T0 + 1, who="Bo", act="fact.stated", subject="v-c1", customer="c1")
    reloaded = Act(at=T0 + 2, who="the key", act="rulebook.reloaded", subject="v2", detail="active")
    for act in (paused, issued, reloaded):
        await ledger.keep_act(act)
    assert await ledger.acts() == [reloaded, issued, paused]
    assert await ledger.acts(limit=1) == [reloaded]
    assert await ledger.acts(customer="c1") == [issued]
    assert (await ledger.export_customer("c1"))["acts"] == [
        {"at": T0 + 1, "who": "Bo", "act": "fact.stated", "subject": "v-c1", "detail": "", "customer": "c1"}
    ]  # fmt: skip
    assert await ledger.erase_customer("c1", "erased-77") == 1
    assert await ledger.acts(customer="c1") == []
    left = structs.replace(issued, subject="erased-77", customer="erased-77")
    assert await ledger.acts() == [reloaded, left, paused]


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
    await ledger.judge(redeem, offer="of_1", order="o1")
    assert await ledger.erase_customer("c1", "erased-77") > 0
    assert await ledger.facts_about([("customer", "c1"), ("order", "o1")]) == []
    (case,) = await ledger.facts_about([("customer", "c2")], ["case"])
    assert msgspec.json.decode(case.body)["purchaser"] == "erased-77"
    assert await ledger.session("se_1") is None
    assert await ledger.contact("c1") is None
    assert await ledger.entries() == []
    assert await ledger.audit(customer="c1") == []
    left = await ledger.offer("of_1")
    assert (left.customer, left.session, left.hold) == ("erased-77", "erased-77", 1935)
    assert await ledger.reconcile() == []


async def test_a_retry_after_an_erasure_still_finds_its_redemption(ledger):
    await ledger.commit(push(accepted(customer="c1")))
    await ledger.judge(redeem, offer="of_1", order="o1")
    await ledger.erase_customer("c1", "alias")
    seen: list[Desk] = []

    def looking(desk: Desk) -> Ruling:
        seen.append(desk)
        return Ruling(status=200, body=b"", redemptions=desk.redemptions)

    await ledger.judge(looking, offer="of_1", order="o1")
    await ledger.judge(looking, offer=None, order="o1")
    assert [row.order for desk in seen for row in desk.redemptions] == ["o1", "o1"]


async def test_an_export_holds_all_that_is_kept_about_a_customer(ledger):
    await ledger.record_facts([fact("customer", "c1", subjects=(("customer", "c1"),), tier="gold")])
    turn = push(accepted(customer="c1"))
    await ledger.commit(
        structs.replace(turn, state=b'{"id":"se_1"}', customer="c1", contacts={"c1": b"{}"},
                        entry=entry(customer="c1"))
    )  # fmt: skip
    await ledger.judge(redeem, offer="of_1", order="o1")
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
    assert [found.session for found in await ledger.entries()] == ["new"]
