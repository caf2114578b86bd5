"""The rulebook under which every turn of a shop decides."""

from typing import Final

from msgspec import structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule, Rulebook
from tactful.rulebook.source.diagnostics import Diagnostic


class EmptyIndex:
    """The rule index of a rulebook without rules."""

    def for_item(self, scene: object) -> tuple[Rule, ...]:  # noqa: ARG002
        """Return no rule."""
        return ()


EMPTY: Final = Rulebook(version="empty", rules={}, index=EmptyIndex())
"""The rulebook that is active before any rule file has been accepted; it offers nothing."""


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

    @property
    def problem(self) -> str | None:
        """What is wrong with the rule files, and what is active meanwhile; None: nothing is wrong."""
        if not self.diagnostics:
            return None
        if self.current.version == EMPTY.version:
            return (
                "The rule files have errors, and none have been accepted yet. Nothing is offered."
            )
        return "The rule files have errors. The previous rulebook stays active."

    def replace(self, rulebook: Rulebook, now: int) -> None:
        """Activate a rulebook; paused rules stay paused."""
        self.current = structs.replace(rulebook, paused=self.current.paused)
        self.activated_at = now

    def set_paused(self, rules: frozenset[str]) -> None:
        """Replace the set of paused rules."""
        self.current = structs.replace(self.current, paused=rules)
