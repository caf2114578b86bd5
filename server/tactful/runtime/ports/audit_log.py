"""The role of the ledger that keeps operator actions."""

from typing import Protocol

from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction


class AuditLog(Protocol):
    """Keeps operator actions for the audit; they are never changed, only pseudonymized."""

    async def record_operator_action(self, action: OperatorAction) -> None:
        """Store an operator action, durably on return.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def operator_actions(
        self, *, customer: str | None = None, limit: int = 200
    ) -> list[OperatorAction]:
        """Return operator actions, newest first.

        Args:
            customer: Only actions that concern this customer; None: all actions.
            limit: The largest number of actions to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def audit_entries(
        self, wanted: ActionFilter, *, before: int | None = None, limit: int = 200
    ) -> list[AuditEntry]:
        """Return the operator actions of a filter with their numbers, newest first.

        Args:
            wanted: Which actions are returned.
            before: Only actions with a smaller number, to read on where a page ended; None: all.
            limit: The largest number of actions to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """
