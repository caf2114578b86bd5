"""The role of the ledger that keeps operator actions."""

from typing import Protocol

from tactful.runtime.ports.operator_actions import OperatorAction


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
