"""The contract of `AuditLog`: operator actions, newest first."""

from typing import Any

import msgspec
from msgspec import structs

from support.ledger_rows import T0, AnyLedger, exported
from tactful.runtime.ports.operator_actions import ActionFilter, ActionKind, OperatorAction


async def test_operator_actions_are_returned_newest_first_and_by_customer(
    ledger: AnyLedger,
) -> None:
    paused = OperatorAction(at=T0, who="Ada", act="rule.paused", subject="r1")
    issued = OperatorAction(
        at=T0 + 1, who="Bo", act="fact.stated", subject="v-c1", customer="c1", role="agent",
        before={"status": "none"}, after={"value": "10.00 EUR"}, amount=1000, currency="EUR",
    )  # fmt: skip
    reloaded = OperatorAction(
        at=T0 + 2, who="the key", act="rulebook.reloaded", subject="v2", detail="active"
    )
    for act in (paused, issued, reloaded):
        await ledger.record_operator_action(act)
    assert await ledger.operator_actions() == [reloaded, issued, paused]
    assert await ledger.operator_actions(limit=1) == [reloaded]
    assert await ledger.operator_actions(customer="c1") == [issued]
    assert (await exported(ledger, "c1"))["acts"] == [
        {"at": T0 + 1, "who": "Bo", "act": "fact.stated", "subject": "v-c1", "detail": "", "customer": "c1",
         "role": "agent", "before": {"status": "none"}, "after": {"value": "10.00 EUR"}, "amount": 1000,
         "currency": "EUR"}
    ]  # fmt: skip
    assert await ledger.erase_customer("c1", "erased-77", T0) == 1
    assert await ledger.operator_actions(customer="c1") == []
    left = structs.replace(issued, subject="erased-77", customer="erased-77", before={}, after={})
    assert await ledger.operator_actions() == [reloaded, left, paused]


async def test_actions_are_found_by_a_filter_and_read_on_by_their_numbers(
    ledger: AnyLedger,
) -> None:
    for place, (who, act, subject) in enumerate(
        [("Ada", "rule.paused", "r1"), ("Bo", "rule.paused", "r2"), ("Ada", "rule.resumed", "r1")]
    ):
        action = OperatorAction(
            at=T0 + place, who=who, act=msgspec.convert(act, ActionKind), subject=subject
        )
        await ledger.record_operator_action(action)

    async def found(**wanted: Any) -> list[tuple[str, str]]:
        entries = await ledger.audit_entries(ActionFilter(**wanted))
        return [(one.action.who, one.action.subject) for one in entries]

    assert await found() == [("Ada", "r1"), ("Bo", "r2"), ("Ada", "r1")]
    assert await found(who="Ada") == [("Ada", "r1"), ("Ada", "r1")]
    assert await found(act="rule.paused") == [("Bo", "r2"), ("Ada", "r1")]
    assert await found(subject="r1", act="rule.paused") == [("Ada", "r1")]
    assert await found(since=T0 + 1) == [("Ada", "r1"), ("Bo", "r2")]
    assert await found(until=T0 + 1) == [("Ada", "r1")]
    assert await found(customer="c1") == []
    first, *_ = await ledger.audit_entries(ActionFilter(), limit=1)
    rest = await ledger.audit_entries(ActionFilter(), before=first.number, limit=1)
    assert [one.action.who for one in rest] == ["Bo"]
    assert rest[0].number < first.number
