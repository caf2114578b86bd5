"""Alerts in a plain dictionary."""

from tactful.runtime.ports.alert_store import Alert


class MemoryAlerts:
    """The part of `MemoryLedger` that keeps alerts (role `AlertStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._alerts: dict[str, Alert] = {}
        """Id → alert, in the order in which they were raised."""

    async def put_alert(self, alert: Alert) -> Alert:
        """Store an alert or its new state, and return the one that is stored."""
        known = self._alerts.get(alert.id)
        if known is not None and known.resolved is not None:
            return known
        if known is None and alert.resolved is None:
            for other in self._alerts.values():
                same = (other.kind, other.subject) == (alert.kind, alert.subject)
                if same and other.resolved is None:
                    return other
        self._alerts[alert.id] = alert
        return alert

    async def alerts(self, *, resolved: bool, limit: int = 200) -> list[Alert]:
        """Return the resolved alerts, or the others, newest first."""
        found = [one for one in self._alerts.values() if (one.resolved is not None) == resolved]
        found.sort(key=lambda one: one.resolved.at if one.resolved else one.raised_at)
        found.reverse()
        return found if limit < 0 else found[:limit]

    def _prune_alerts(self, before: int) -> int:
        kept = {
            key: one
            for key, one in self._alerts.items()
            if one.resolved is None or one.resolved.at >= before
        }
        dropped = len(self._alerts) - len(kept)
        self._alerts = kept
        return dropped
