"""The contract of `AuditLog`: operator actions, newest first."""

from msgspec import structs

from support.ledger_rows import T0, AnyLedger, exported
from tactful.runtime.ports.operator_actions import OperatorAction


async def test_operator_actions_are_returned_newest_first_and_by_customer(
    ledger: AnyLedger,
) -> None:
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
    assert (await exported(ledger, "c1"))["acts"] == [
        {"at": T0 + 1, "who": "Bo", "act": "fact.stated", "subject": "v-c1", "detail": "", "customer": "c1"}
    ]  # fmt: skip
    assert await ledger.erase_customer("c1", "erased-77", T0) == 1
    assert await ledger.operator_actions(customer="c1") == []
    left = structs.replace(issued, subject="erased-77", customer="erased-77")
    assert await ledger.operator_actions() == [reloaded, left, paused]
