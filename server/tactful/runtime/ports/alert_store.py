"""The role of the ledger that keeps alerts.

Field names are stored in the ledger and sent over HTTP. An alert names feeds, rules and types of
facts, and never a customer, session or order.
"""

from typing import Literal, Protocol

from msgspec import Struct

AlertState = Literal["open", "acknowledged", "snoozed", "resolved"]


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """That a person looks after an alert."""

    at: int
    """Milliseconds since the Unix epoch, UTC."""
    by: str
    """The operator's name."""


class Snooze(Struct, frozen=True, kw_only=True):
    """That an alert need not be shown for a while."""

    until: int
    """Milliseconds since the Unix epoch, UTC."""
    by: str
    """The operator's name."""


class Resolution(Struct, frozen=True, kw_only=True):
    """The end of an alert."""

    at: int
    """Milliseconds since the Unix epoch, UTC."""
    by: str
    """The operator's name, or `tactful` if the alert closed by itself."""
    act: str
    """What ended its cause, such as `feed.heard`; `by.hand` if an operator closed it."""


class Alert(Struct, frozen=True, kw_only=True):
    """Something that needs a person, from the instant it was found until it is mended."""

    id: str
    kind: str
    """What it is about, such as `feed.stale`; `runtime.alerts.kinds` lists them."""
    subject: str
    """Which feed, rule or type of fact; empty: the server as a whole."""
    owner: str | None = None
    """Who is responsible, such as the owner of a rule; None: nobody is named."""
    raised_at: int
    """Milliseconds since the Unix epoch, UTC."""
    evidence: dict[str, str | int] = {}
    """What was measured. Names end in the unit, such as `_bytes` or `_ms`."""
    acknowledged: Acknowledgement | None = None
    snoozed: Snooze | None = None
    """The latest snooze, which may be over."""
    resolved: Resolution | None = None

    def state(self, now: int) -> AlertState:
        """Return the alert's state at an instant, in milliseconds since the Unix epoch, UTC."""
        if self.resolved is not None:
            return "resolved"
        if self.snoozed is not None and self.snoozed.until > now:
            return "snoozed"
        return "acknowledged" if self.acknowledged else "open"


class AlertStore(Protocol):
    """Keeps alerts. At most one alert of a kind and subject is unresolved."""

    async def put_alert(self, alert: Alert) -> Alert:
        """Store a new alert, or the new state of a stored one; durable on return.

        A resolved alert does not change any more.

        Returns:
            The alert that the ledger holds now: `alert`, the resolved alert with its id, or the
            unresolved one of its kind and subject.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def alerts(self, *, resolved: bool, limit: int = 200) -> list[Alert]:
        """Return the resolved alerts, or the others, newest first.

        Args:
            resolved: Which of them.
            limit: The largest number of alerts to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """
