"""The state of an alert follows from what operators did with it."""

import pytest

from tactful.runtime.ports.alert_store import Acknowledgement, Alert, Resolution, Snooze

ACKNOWLEDGED = {"acknowledged": Acknowledgement(at=5, by="Ada")}
SNOOZED = {"snoozed": Snooze(until=20, by="Ada")}
RESOLVED = {"resolved": Resolution(at=6, by="Ada", act="by.hand")}


@pytest.mark.parametrize(
    ("marks", "now", "state"),
    [
        ({}, 10, "open"),
        (ACKNOWLEDGED, 10, "acknowledged"),
        (SNOOZED, 10, "snoozed"),
        (SNOOZED, 20, "open"),
        (ACKNOWLEDGED | SNOOZED, 19, "snoozed"),
        (ACKNOWLEDGED | SNOOZED, 20, "acknowledged"),
        (ACKNOWLEDGED | SNOOZED | RESOLVED, 10, "resolved"),
    ],
)
def test_the_state_of_an_alert(marks: dict[str, object], now: int, state: str) -> None:
    alert = Alert(id="al_1", kind="disk.low", subject="", raised_at=1, **marks)  # type: ignore[arg-type]
    assert alert.state(now) == state
