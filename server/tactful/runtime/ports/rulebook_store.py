"""The role of the ledger that keeps rulebooks, paused rules, trials and the stop of offers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Protocol

from msgspec import Struct


class OffersStop(Struct, frozen=True):
    """A stop of all offers by an operator."""

    at: int
    """When it began, milliseconds since the Unix epoch, UTC."""
    who: str
    """The operator's name."""
    reason: str


NO_TRIALS: Final[Mapping[str, int]] = MappingProxyType({})
"""A rulebook without trials."""


class RulebookStore(Protocol):
    """Keeps the sources of every activated rulebook, each activation, and what holds rules back.

    These are the paused rules, the starts of trials, and the stop of all offers.
    """

    async def store_rulebook(
        self,
        version: str,
        sources: bytes,
        at: int,
        *,
        back: bool = False,
        trials: Mapping[str, int] = NO_TRIALS,
    ) -> None:
        """Store an activation, and the sources if the version is new; durable on return.

        Args:
            version: The version of the rulebook, a digest of what it means.
            sources: The rule files as JSON: a list of (path, text).
            at: When it became active, milliseconds since the Unix epoch, UTC.
            back: Whether an operator went back to it. A restart must not undo that.
            trials: Rule → start of its trial. The first start that was ever stored is kept.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        """Return (version, activated at, back) of every activation, newest first.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def rulebook_sources(self, version: str) -> bytes | None:
        """Return the sources of a version as they were stored; None: it was never active.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def trial_starts(self) -> dict[str, int]:
        """Return rule → its first activation as a trial, milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def rule_states(self) -> dict[str, str]:
        """Return rule id → `paused`, for the rules that are paused.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Store that a rule is paused, or running again; durable on return.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def offers_stop(self) -> OffersStop | None:
        """Return the stop of all offers; None: they are not stopped.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def stop_offers(self, stop: OffersStop) -> bool:
        """Store a stop of all offers, durably on return.

        Returns:
            False if they are stopped already: the earlier stop is kept.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def start_offers(self, at: int) -> bool:
        """Store that the stop has ended, durably on return.

        Args:
            at: When it ended, milliseconds since the Unix epoch, UTC.

        Returns:
            False if the offers are not stopped.

        Raises:
            LedgerError: Nothing is stored.
        """
