"""Every ledger remembers sessions, what they were told, and the rulebooks of the time."""

from msgspec import structs

from support.ledger_rows import T0, entry, leave, offer, push, step
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.ports.ledger_rows import Commit


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
    assert await ledger.turn_entries() == []
    assert (await ledger.offer("of_1")).session not in {"se_1", ""}
    assert await ledger.offer_steps(session="se_1") == []
    assert len(await ledger.offer_steps(offer="of_1")) == 1
    assert await ledger.reconcile() == []


async def test_the_audit_is_newest_first_and_bounded(ledger):
    made = offer(customer="c1")
    await ledger.commit(push(made))
    await ledger.commit(leave(made, OfferState.WITHDRAWN, "complaint.open"))
    rows = await ledger.offer_steps(customer="c1")
    assert [(row.step.to, row.step.reason) for row in rows] == [
        ("withdrawn", "complaint.open"),
        ("pushed", None),
    ]
    assert rows[0].offer.state is OfferState.WITHDRAWN
    assert len(await ledger.offer_steps(customer="c1", limit=1)) == 1


async def test_the_audit_of_a_customer_has_what_they_were_told_before_they_logged_in(ledger):
    """In one session: nobody, c1, nobody, c2. What nobody did belongs to who logs in next."""

    def turn(one: Offer, at: int, who: str | None, reason: str | None = None) -> Commit:
        made = structs.replace(push(one), entry=entry(at=at, customer=who))
        return structs.replace(made, steps=(step(one, reason, at),))

    early, own, late = offer("of_early"), offer("of_own", customer="c1"), offer("of_late")
    gone = structs.replace(early, state=OfferState.WITHDRAWN)
    await ledger.commit(turn(early, T0, None))
    await ledger.commit(turn(gone, T0 + 10, "c1", "complaint.open"))
    await ledger.commit(turn(own, T0 + 20, "c1"))
    await ledger.commit(turn(structs.replace(own, state=OfferState.WITHDRAWN), T0 + 30, None))
    await ledger.commit(turn(late, T0 + 40, None))
    await ledger.commit(Commit(entry=entry(at=T0 + 50, customer="c2")))
    after = structs.replace(late, state=OfferState.DECLINED)
    await ledger.commit(turn(after, T0 + 60, None))

    async def audit(customer: str) -> list[tuple[str, str, str | None]]:
        rows = await ledger.offer_steps(customer=customer)
        return [(row.offer.id, row.step.to.value, row.step.reason) for row in rows]

    assert await audit("c1") == [
        ("of_own", "withdrawn", None),
        ("of_own", "pushed", None),
        ("of_early", "withdrawn", "complaint.open"),
        ("of_early", "pushed", None),
    ]
    assert await audit("c2") == [("of_late", "pushed", None)]
    assert await audit("c3") == []
    assert len(await ledger.offer_steps()) == 6


async def test_entries_are_given_by_session_and_half_open_window(ledger):
    for number in range(4):
        await ledger.commit(Commit(entry=entry(f"se_{number % 2}", T0 + number)))
    found = await ledger.turn_entries(session="se_1", since=T0, until=T0 + 3)
    assert [one.at for one in found] == [T0 + 1]
    assert [one.at for one in await ledger.turn_entries(since=T0 + 1, limit=2)] == [T0 + 1, T0 + 2]


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


async def test_rulebooks_are_kept_with_each_activation(ledger):
    await ledger.store_rulebook("v1", b"one", T0)
    await ledger.store_rulebook("v2", b"two", T0 + 1)
    await ledger.store_rulebook("v1", b"one", T0 + 2, back=True)
    assert await ledger.rulebooks() == [
        ("v1", T0 + 2, True),
        ("v2", T0 + 1, False),
        ("v1", T0, False),
    ]
    assert await ledger.rulebook_sources("v2") == b"two"
    assert await ledger.rulebook_sources("v3") is None


async def test_a_rule_is_paused_until_it_runs_again(ledger):
    await ledger.set_rule_state("r1", "paused")
    await ledger.set_rule_state("r1", "paused")
    assert await ledger.rule_states() == {"r1": "paused"}
    await ledger.set_rule_state("r1", "running")
    assert await ledger.rule_states() == {}
