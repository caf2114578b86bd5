"""The contract of `AlertStore`: one unresolved alert for a cause, and resolved ones that stay so."""

from msgspec import structs

from support.ledger_rows import T0, AnyLedger
from tactful.runtime.ports.alert_store import Acknowledgement, Alert, Resolution, Snooze


def alert(number: int, kind: str = "feed.stale", subject: str = "stock") -> Alert:
    return Alert(id=f"al_{number}", kind=kind, subject=subject, raised_at=T0 + number)


def resolved(one: Alert, at: int) -> Alert:
    return structs.replace(one, resolved=Resolution(at=at, by="Ada", act="by.hand"))


async def test_alerts_are_returned_newest_first_and_by_whether_they_are_resolved(
    ledger: AnyLedger,
) -> None:
    first, second, third = alert(1), alert(2, subject="prices"), alert(3, "disk.low", "")
    for one in (first, second, third):
        assert await ledger.put_alert(one) == one
    assert await ledger.alerts(resolved=False) == [third, second, first]
    assert await ledger.alerts(resolved=False, limit=1) == [third]
    assert await ledger.alerts(resolved=False, limit=-1) == [third, second, first]
    ended = [resolved(third, T0 + 10), resolved(first, T0 + 20)]
    for one in ended:
        assert await ledger.put_alert(one) == one
    assert await ledger.alerts(resolved=False) == [second]
    assert await ledger.alerts(resolved=True) == ended[::-1]


async def test_a_cause_has_one_unresolved_alert(ledger: AnyLedger) -> None:
    first = alert(1)
    await ledger.put_alert(first)
    assert await ledger.put_alert(alert(2)) == first
    assert await ledger.alerts(resolved=False) == [first]
    await ledger.put_alert(resolved(first, T0 + 9))
    assert await ledger.put_alert(alert(3)) == alert(3)
    assert await ledger.alerts(resolved=False) == [alert(3)]


async def test_the_new_state_of_an_alert_replaces_the_one_before(ledger: AnyLedger) -> None:
    one = structs.replace(alert(1), owner="Bo", evidence={"age_ms": 7, "code": "x"})
    await ledger.put_alert(one)
    seen = structs.replace(
        one,
        acknowledged=Acknowledgement(at=T0 + 2, by="Ada"),
        snoozed=Snooze(until=T0 + 90, by="Ada"),
        evidence={"age_ms": 9},
    )
    assert await ledger.put_alert(seen) == seen
    assert await ledger.alerts(resolved=False) == [seen]


async def test_a_resolved_alert_does_not_change_any_more(ledger: AnyLedger) -> None:
    one = alert(1)
    end = resolved(one, T0 + 5)
    assert await ledger.put_alert(end) == end, "raised and resolved while nothing could be stored"
    assert await ledger.put_alert(one) == end
    assert await ledger.put_alert(resolved(one, T0 + 8)) == end
    assert await ledger.alerts(resolved=True) == [end]


async def test_resolved_alerts_go_after_the_retention_and_others_never(ledger: AnyLedger) -> None:
    kept, gone, young = alert(1), alert(2, subject="prices"), alert(3, "disk.low", "")
    for one in (kept, resolved(gone, T0 + 10), resolved(young, T0 + 20)):
        await ledger.put_alert(one)
    assert await ledger.prune(before=T0 + 15) == 1
    assert await ledger.alerts(resolved=True) == [resolved(young, T0 + 20)]
    assert await ledger.prune(before=T0 + 99) == 1
    assert await ledger.alerts(resolved=False) == [kept]
