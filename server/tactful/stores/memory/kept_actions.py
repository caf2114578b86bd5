"""Operator actions in memory."""

from msgspec import structs

from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction


class KeptActions:
    """The operator actions of a ledger in memory, with their numbers."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []
        self._last = 0

    def add(self, action: OperatorAction) -> None:
        """Keep an action."""
        self._last += 1
        self._entries.append(AuditEntry(self._last, action))

    def of_customer(self, customer: str | None) -> list[OperatorAction]:
        """Return the actions about a customer, or all for `None`, the oldest first."""
        return [
            one.action
            for one in self._entries
            if customer is None or one.action.customer == customer
        ]

    def entries(self, wanted: ActionFilter, before: int | None, limit: int) -> list[AuditEntry]:
        """Return actions of a filter; see `AuditLog.audit_entries`."""
        found = [
            one
            for one in self._entries
            if (before is None or one.number < before) and _is_wanted(one.action, wanted)
        ]
        return found[::-1][:limit]

    def erase(self, customer: str, alias: str) -> int:
        """Replace a customer by an alias and drop the values; return how many actions changed."""
        touched = 0
        for place, one in enumerate(self._entries):
            if one.action.customer == customer:
                hidden = structs.replace(
                    one.action, customer=alias, subject=alias, before={}, after={}
                )
                self._entries[place] = AuditEntry(one.number, hidden)
                touched += 1
        return touched

    def prune(self, before: int) -> int:
        """Drop the actions before an instant (ms since the Unix epoch); return how many."""
        kept = [one for one in self._entries if one.action.at >= before]
        dropped = len(self._entries) - len(kept)
        self._entries = kept
        return dropped


def _is_wanted(action: OperatorAction, wanted: ActionFilter) -> bool:
    return (
        wanted.who in {None, action.who}
        and wanted.act in {None, action.act}
        and wanted.subject in {None, action.subject}
        and wanted.customer in {None, action.customer}
        and (wanted.since is None or action.at >= wanted.since)
        and (wanted.until is None or action.at < wanted.until)
    )
