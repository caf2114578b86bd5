"""The contract of `CustomerData` on tombstones: nothing written later names an erased id."""

from msgspec import structs

from support.ledger_rows import T0, AnyLedger, entry, fact, offer, present, push
from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.ports.ledger_rows import ContactWrite
from tactful.runtime.ports.operator_actions import OperatorAction

OWN = fact("customer", "c1", 1, subjects=(("customer", "c1"),), customer="c1")


async def test_a_later_turn_gets_the_alias_and_no_contact_history(ledger: AnyLedger) -> None:
    await ledger.erase_customer("c1", "erased-1", T0)
    turn = structs.replace(
        push(offer(customer="c1")),
        state=b"\x81\xa2id\xa2c1",
        customer="c1",
        contacts={"c1": ContactWrite(0, b"")},
        entry=entry(customer="c1", signal=b"\xa2c1"),
    )
    assert await ledger.commit(turn) is None
    ledger.record(structs.replace(turn, offers=(), steps=(), moves=()))
    await ledger.flush()
    saved = present(await ledger.session("se_1"))
    assert (saved.customer, saved.state) == ("erased-1", b"\x81\xa2id\xa8erased-1")
    assert present(await ledger.offer("of_1")).customer == "erased-1"
    assert await ledger.contact("c1") is None
    assert [(one.customer, one.signal) for one in await ledger.turn_entries()] == [
        ("erased-1", b"\xa8erased-1")
    ] * 2


async def test_a_later_operator_action_names_the_alias(ledger: AnyLedger) -> None:
    await ledger.erase_customer("c1", "erased-1", T0)
    action = OperatorAction(at=T0, who="Ada", act="fact.stated", subject="c1", customer="c1")
    await ledger.record_operator_action(action)
    (found,) = await ledger.operator_actions()
    assert (found.customer, found.subject) == ("erased-1", "erased-1")


async def test_facts_about_an_erased_customer_are_stored_only_if_they_happened_later(
    ledger: AnyLedger,
) -> None:
    await ledger.erase_customer("c1", "erased-1", T0)
    before, after = (structs.replace(OWN, own_at=T0 + n) for n in (0, 1))
    assert await ledger.record_facts([OWN, before]) == [FactOutcome.ERASED] * 2
    assert await ledger.facts_about([("customer", "c1")]) == []
    assert await ledger.record_facts([after]) == [FactOutcome.ACCEPTED]
    assert present(await ledger.tombstone("customer", "c1")).begun_at == T0 + 1
    assert await ledger.record_facts([structs.replace(OWN, version=("int", 2))]) == [
        FactOutcome.UNCHANGED
    ]


async def test_an_identity_signed_later_begins_the_id_anew(ledger: AnyLedger) -> None:
    assert await ledger.begin_anew("customer", "c1", T0)
    assert await ledger.tombstone("customer", "c1") is None
    await ledger.erase_customer("c1", "erased-1", T0)
    assert not await ledger.begin_anew("customer", "c1", T0)
    before = await ledger.position()
    assert await ledger.begin_anew("customer", "c1", T0 + 1)
    assert await ledger.begin_anew("customer", "c1", T0 + 2)
    digest = ledger.erasure_digest("customer", "c1")
    (change,) = await ledger.changes(before)
    assert (change.kind, change.subjects) == ("id_begun_anew", (("customer", digest),))
    assert change.body == str(T0 + 1).encode()
    assert await ledger.commit(push(offer(customer="c1"))) is None
    assert present(await ledger.offer("of_1")).customer == "c1"


async def test_a_second_erasure_replaces_the_first(ledger: AnyLedger) -> None:
    await ledger.erase_customer("c1", "erased-1", T0)
    await ledger.begin_anew("customer", "c1", T0 + 1)
    await ledger.erase_customer("c1", "erased-2", T0 + 2)
    found = present(await ledger.tombstone("customer", "c1"))
    assert (found.alias, found.at, found.begun_at) == ("erased-2", T0 + 2, None)


async def test_any_kind_of_id_can_have_a_tombstone(ledger: AnyLedger) -> None:
    await ledger.add_tombstone("contact", "a@example.org", "erased-1", T0)
    assert present(await ledger.tombstone("contact", "a@example.org")).alias == "erased-1"
    assert await ledger.tombstone("customer", "a@example.org") is None
    about = (("contact", "a@example.org"),)
    assert await ledger.record_facts([fact("case", "k1", 1, subjects=about)]) == [
        FactOutcome.ERASED
    ]
