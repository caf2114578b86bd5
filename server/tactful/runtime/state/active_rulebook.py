"""The rulebook under which every turn of a shop decides."""

from typing import Final, Literal

from msgspec import structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import EVERY_RULE, Rule, Rulebook
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.runtime.ports.rulebook_store import OffersStop


class EmptyIndex:
    """The rule index of a rulebook without rules."""

    def for_item(self, scene: object) -> tuple[Rule, ...]:  # noqa: ARG002
        """Return no rule."""
        return ()


EMPTY: Final = Rulebook(version="empty", rules={}, index=EmptyIndex())
"""The rulebook that is active before any rule file has been accepted; it offers nothing."""

KeptReason = Literal["errors", "missing", "emptied"]
"""Why the files of the rules folder are not active: they have errors, the folder is missing or
cannot be read, or all rules are gone."""


class ActiveRulebook:
    """The active rulebook and the state of the rule files behind it.

    This class only holds state. `RulebookManager` loads, replaces and pauses rules, and notifies
    the sessions.
    """

    def __init__(self, policy: Policy) -> None:
        self.current: Rulebook = structs.replace(EMPTY, policy=policy)
        self.activated_at = 0
        """When `current` became active, in milliseconds since the Unix epoch, UTC."""
        self.diagnostics: tuple[Diagnostic, ...] = ()
        """Why the files in the rules folder were refused; empty where they are active."""
        self.kept_because: KeptReason | None = None
        """Why the rules folder is not active; None: it is."""
        self.kept_detail = ""
        """The same in a sentence, unless the reason is errors in the files."""
        self.stop: OffersStop | None = None
        """The stop of all offers; None: they are not stopped."""

    @property
    def problem(self) -> str | None:
        """What is wrong with the rule files, and what is active meanwhile; None: nothing is wrong."""
        if self.kept_because is None:
            return None
        if self.current.version != EMPTY.version:
            cause = self.kept_detail or "The rule files have errors."
            return f"{cause} The previous rulebook stays active."
        cause = self.kept_detail or "The rule files have errors, and none have been accepted yet."
        return f"{cause} Nothing is offered."

    def keep(
        self, reason: KeptReason, detail: str = "", found: tuple[Diagnostic, ...] = ()
    ) -> None:
        """Note that the rules folder is not active.

        Args:
            reason: Why not.
            detail: The same in a sentence.
            found: The errors in the files.
        """
        self.kept_because, self.kept_detail, self.diagnostics = reason, detail, found

    def accept(self) -> None:
        """Note that the rules folder is active, or that an operator chose another version."""
        self.kept_because, self.kept_detail, self.diagnostics = None, "", ()

    def replace(self, rulebook: Rulebook, now: int) -> None:
        """Activate a rulebook; paused rules stay paused."""
        self.current = structs.replace(rulebook, paused=self.current.paused)
        self.activated_at = now

    def set_paused(self, rules: frozenset[str]) -> None:
        """Replace the set of paused rules."""
        held_back = rules - {EVERY_RULE} if self.stop is None else rules | {EVERY_RULE}
        self.current = structs.replace(self.current, paused=held_back)

    def set_stop(self, stop: OffersStop | None) -> None:
        """Stop all offers, or end the stop."""
        self.stop = stop
        self.set_paused(self.current.paused)
