"""Rulebooks that were active once, as they were written, and the differences between them."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from tactful.core.rules.policy import Policy
from tactful.rulebook.authoring.describe import describe_rule
from tactful.rulebook.authoring.diff import diff_rulebooks
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.language.rule_files import ParsedRule
from tactful.rulebook.source.stored_sources import decode_sources
from tactful.rulebook.source.tree import RuleSource, split_lines
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.services.activation_history import activation_history

KEPT: Final = 4
"""Compiled versions that stay in memory; one with 1,000 rules takes some 10 MB."""


class RulebookVersions:
    """Reads the versions that the ledger keeps. They are compiled in a thread."""

    def __init__(self, ledger: RulebookStore, clock: Clock, policy: Policy) -> None:
        """Read versions of a shop.

        Args:
            ledger: What keeps the versions.
            clock: The shop's clock.
            policy: The shop's policy, to which the files' own sections are applied.
        """
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._known: OrderedDict[str, CompiledRulebook] = OrderedDict()

    async def sources(self, version: str) -> list[RuleSource]:
        """Return the rule files of a version; empty: it was never active.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return decode_sources(await self._ledger.rulebook_sources(version))

    async def compiled(self, version: str) -> CompiledRulebook | None:
        """Return a version with its files as parsed; `None`: it was never active.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        known = self._known.get(version)
        if known is not None:
            self._known.move_to_end(version)
            return known
        sources = await self.sources(version)
        if not sources:
            return None
        compiled = await asyncio.to_thread(
            compile_rulebook,
            sources,
            now=self._clock.now(),
            policy=self._policy,
            trial_starts=await self._ledger.trial_starts(),
        )
        self._known[version] = compiled
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return compiled

    async def changes(self, old: str, new: str) -> list[str] | None:
        """Return one line for each difference in meaning; `None`: a version was never active.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        before, after = await self.compiled(old), await self.compiled(new)
        if before is None or after is None:
            return None
        return await asyncio.to_thread(diff_rulebooks, before, after)

    async def before(self, active: str) -> str | None:
        """Return the version that a rollback of the active one would reach; `None`: there is none.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        stack, _ = activation_history(await self._ledger.rulebooks())
        for version in reversed(stack):
            if version != active:
                compiled = await self.compiled(version)
                if compiled is not None and compiled.rulebook is not None:
                    return version
        return None

    async def rule_words(self, version: str, rule: str) -> list[str]:
        """Return what a rule does in plain English, a line each; empty: it is not known.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        compiled = await self.compiled(version)
        parsed = _rule_of(compiled, rule)
        if compiled is None or parsed is None:
            return []
        return describe_rule(parsed, compiled.files, compiled.policy).splitlines()[1:]

    async def rule_text(self, version: str, rule: str) -> tuple[str, str]:
        """Return the path and the text of the file that has a rule, from its id on; or two empty texts.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        parsed = _rule_of(await self.compiled(version), rule)
        if parsed is None:
            return "", ""
        span = parsed.id_node
        for source in await self.sources(version):
            if source.path == span.path:
                lines = split_lines(source.text.decode("utf-8", "replace"))
                return source.path, "\n".join(_block(lines, span.line))
        return span.path, ""


def _rule_of(compiled: CompiledRulebook | None, rule: str) -> ParsedRule | None:
    found = compiled.files.rules if compiled else ()
    return next((one for one in found if one.id == rule), None)


def _block(lines: Sequence[str], at: int) -> list[str]:
    """Return the lines of the list item that a line belongs to, with its indent taken away."""
    first = at
    while first and not lines[first].lstrip().startswith("- "):
        first -= 1
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and (
        not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent
    ):
        last += 1
    block = [line[indent:].rstrip() for line in lines[first:last]]
    while block and not block[-1]:
        block.pop()
    return block
