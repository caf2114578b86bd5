"""Changes of the active rulebook: reload, rollback, pause and stop, each all or nothing."""

import asyncio
from collections.abc import Container, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import structlog
from msgspec import Struct

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.rulebook.source.stored_sources import decode_sources, encode_sources
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.services.activation_history import activation_history
from tactful.runtime.services.rule_source_folder import RuleSourceFolder, RulesUnreadableError
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.state.active_rulebook import EMPTY
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.rulebook")

POLL_S: Final = 0.5
"""Seconds between looks at the rules folder.

If two looks find the same folder, no program is still writing to it.
"""
MAX_PASSED_OVER: Final = 100
"""Files that were not read and are named in the log."""
KEPT_EVENTS: Final = {"missing": "rulebook.missing", "emptied": "rulebook.emptied"}
"""Log event of each reason to keep the active rulebook. The names are public."""
EMPTIED: Final = (
    "The rules folder holds no rules any more. To offer nothing, write a file with `rules: []`."
)
"""What `rulebook.emptied` means."""


class ReloadResult(Struct, frozen=True):
    """How a reload ended."""

    outcome: Literal["active", "same", "refused", "undone"]
    """`same`: the files are the active version. `undone`: their version was rolled back."""
    version: str
    """The version that is active now."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What was found in the files."""


class RulebookManager:
    """Loads, replaces and pauses the rules of one shop.

    Every change is durable before it is active: the ledger's change log brings it here, whichever
    process wrote it. A method that makes a change returns after every session has been notified.
    """

    def __init__(
        self, state: ShopState, fanout: Fanout, folder: Path | None, policy: Policy
    ) -> None:
        """Manage the active rulebook of `state`.

        Args:
            state: The memory of the shop.
            fanout: Notifies the sessions of a change.
            folder: The rules folder; None: the shop has none.
            policy: The policy that the rule files may override.
        """
        self._state = state
        self._fanout = fanout
        self._active = state.active_rulebook
        self._ledger = state.ledger
        self._clock = state.clock
        self._telemetry = state.telemetry
        self._folder = RuleSourceFolder(folder)
        self._policy = policy
        self._stamp: object = None
        self._watcher: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._compiled: dict[str, Rulebook] = {}
        """Version → a compiled rulebook whose activation is being recorded or read."""
        self._changed = False
        """Whether sessions have to learn of a change."""
        self._has_nodes = False
        """Whether other servers share the ledger."""

    async def start(self) -> None:
        """Load the folder, or the last active version if the folder is refused or rolled back.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """
        await self._read_states()
        stack, undone = activation_history(await self._ledger.rulebooks())
        self._has_nodes = await self._ledger.nodes() is not None
        if self._has_nodes and stack and (kept := await self._last_good(stack)):
            # The folders of nodes may differ, so the version that is published counts for all.
            await self._swap(kept[0])  # which reads the conversions
            return
        reload = await self.reload(undone)
        await self._report_passed_over()
        if reload.outcome not in {"active", "same"}:
            if kept := await self._last_good(stack):
                log.warning("rulebook.last_good", version=kept[0].version, files=reload.outcome)
                await self._swap(kept[0])
            else:
                log.error("rulebook.none", meaning=self._active.problem)
        self._use_current()
        await self._read_conversions()

    def watch(self) -> None:
        """Reload from now on when the folder has changed and is written no more; a node on request."""
        if self._folder.is_configured and not self._has_nodes:
            self._watcher = asyncio.ensure_future(self._poll())

    async def stop(self) -> None:
        """Stop watching the folder."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    async def _poll(self) -> None:
        seen = self._stamp
        while True:
            await asyncio.sleep(POLL_S)
            stamp = await asyncio.to_thread(self._folder.stamp)
            if stamp != self._stamp and stamp == seen:
                await self.reload()
            seen = stamp

    # changes

    async def reload(self, undone: Container[str] = ()) -> ReloadResult:
        """Read, check and compile the folder beside the event loop, then activate it.

        Args:
            undone: Versions that are not activated, because an operator has rolled them back.

        Raises:
            LedgerError: The new version cannot be recorded; the old one stays active.
        """
        async with self._lock:
            self._stamp = await asyncio.to_thread(self._folder.stamp)
            try:
                sources = await asyncio.to_thread(self._folder.sources)
            except RulesUnreadableError as error:
                return self._keep("missing", str(error))
            compiled = await self._compile(sources)
            if compiled.rulebook is None:
                return self._refuse(tuple(compiled.diagnostics))
            is_empty = not compiled.rulebook.rules and not compiled.files.is_explicitly_empty
            if is_empty and await self._had_rules():
                return self._keep("emptied", EMPTIED)
            self._active.accept()
            if compiled.rulebook.version in undone:
                return ReloadResult("undone", self._active.current.version)
            return await self._activate(compiled.rulebook, sources, tuple(compiled.diagnostics))

    def _refuse(self, diagnostics: tuple[Diagnostic, ...]) -> ReloadResult:
        self._active.keep("errors", found=diagnostics)
        self._telemetry.record_reload("refused")
        first = diagnostics[0] if diagnostics else None
        log.error("rulebook.refused", findings=len(diagnostics), first=str(first))
        return ReloadResult("refused", self._active.current.version, diagnostics)

    def _keep(self, reason: Literal["missing", "emptied"], detail: str) -> ReloadResult:
        """Keep the active rulebook, because the folder holds no rules that were meant to be none."""
        self._active.keep(reason, detail)
        self._telemetry.record_reload("refused")
        log.error(KEPT_EVENTS[reason], meaning=self._active.problem)
        return ReloadResult("refused", self._active.current.version)

    async def _had_rules(self) -> bool:
        """Return whether the active version, or before the first one the last version, has a rule."""
        if self._active.current.version != EMPTY.version:
            return bool(self._active.current.rules)
        stack, _ = activation_history(await self._ledger.rulebooks())
        last = await self.version(stack[-1]) if stack else None
        return last is not None and bool(last.rules)

    async def _report_passed_over(self) -> None:
        try:
            files = await asyncio.to_thread(self._folder.passed_over)
        except RulesUnreadableError:
            return  # reported by the reload
        if files:
            log.info("rulebook.passed_over", count=len(files), files=files[:MAX_PASSED_OVER])

    async def _activate(
        self,
        rulebook: Rulebook,
        sources: Sequence[RuleSource],
        found: tuple[Diagnostic, ...] = (),
        *,
        back: bool = False,
    ) -> ReloadResult:
        """Record a version, then make it the active one; `back`: by a rollback."""
        if rulebook.version == self._active.current.version:
            self._telemetry.record_reload("same")
            return ReloadResult("same", rulebook.version, found)
        packed = encode_sources(sources)
        self._compiled[rulebook.version] = rulebook
        try:
            await self._ledger.store_rulebook(
                rulebook.version, packed, self._clock.now(), back=back, trials=rulebook.trials
            )
            await self._state.changes.settle()
        finally:
            self._compiled.pop(rulebook.version, None)
        self._telemetry.record_reload("active")
        log.info("rulebook.active", version=rulebook.version, rules=len(rulebook.rules))
        return ReloadResult("active", rulebook.version, found)

    async def rollback(self, version: str | None = None) -> ReloadResult | None:
        """Go back to a version that was active once.

        Args:
            version: The version, or a unique beginning of it. None: the version before the active
                one; repeated calls go further back.

        Returns:
            None: there is no such version, or this server can no longer compile it.

        Raises:
            LedgerError: The ledger cannot be read or written; the active version stays.
        """
        async with self._lock:
            activations = await self._ledger.rulebooks()
            if version is None:
                candidates, _ = activation_history(activations)
            else:
                candidates = list({one for one, _, _ in activations if one.startswith(version)})
                if len(candidates) != 1:
                    return None
                if candidates == [self._active.current.version]:
                    return ReloadResult("same", self._active.current.version)
            before = await self._last_good(candidates)
            return await self._activate(*before, back=True) if before else None

    async def pause(self, rule: str, *, paused: bool) -> bool:
        """Pause a rule or let it run again, whatever its file says; return whether it exists.

        Raises:
            LedgerError: The change cannot be recorded, and is not made.
        """
        if rule not in self._active.current.rules:
            return False
        await self._ledger.set_rule_state(rule, "paused" if paused else "running")
        await self._state.changes.settle()
        return True

    async def stop_offers(self, stop: OffersStop) -> bool:
        """Stop all offers; return False if they are stopped already.

        Raises:
            LedgerError: The stop cannot be recorded, and is not made.
        """
        done = await self._ledger.stop_offers(stop)
        await self._state.changes.settle()
        return done

    async def start_offers(self) -> bool:
        """End the stop of all offers; return False if they are not stopped.

        Raises:
            LedgerError: The end cannot be recorded: the offers stay stopped.
        """
        done = await self._ledger.start_offers(self._clock.now())
        await self._state.changes.settle()
        return done

    # what a change brings about

    def needs_preparation(self, change: Change) -> bool:
        """Return whether a change activates a version that is not compiled yet."""
        version = change.body.decode()
        return change.kind == "rulebook" and not (
            version in self._compiled or version == self._active.current.version
        )

    async def prepare(self, change: Change) -> None:
        """Read and compile the version that another process has activated.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        version = change.body.decode()
        rulebook = (await self._compile(await self._stored(version))).rulebook
        if rulebook is None:
            log.error("rulebook.unreadable", version=version)
        else:
            self._compiled[version] = rulebook

    def apply(self, change: Change) -> None:
        """Activate the version, pause or resume the rule, or stop the offers, as a change says."""
        if change.kind == "rulebook":
            rulebook = self._compiled.pop(change.body.decode(), None)
            if rulebook is None:
                return
            self._active.replace(rulebook, change.at)
        elif change.kind == "offers_stop":
            body = change.body
            self._active.set_stop(msgspec.json.decode(body, type=OffersStop) if body else None)
        else:
            rules = {key for kind, key in change.subjects if kind == "rule"}
            paused = self._active.current.paused
            self._active.set_paused(paused | rules if change.body == b"paused" else paused - rules)
        self._use_current()
        self._changed = True

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that lets every session pass its gates again after a change."""
        changed, self._changed = self._changed, False
        return self._notify_sessions() if changed else None

    async def start_over(self) -> None:
        """Follow the version and the paused rules of the ledger, because changes were missed.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._read_states()
        stack, _ = activation_history(await self._ledger.rulebooks())
        if stack and stack[-1] != self._active.current.version:
            rulebook = (await self._compile(await self._stored(stack[-1]))).rulebook
            if rulebook is not None:
                self._active.replace(rulebook, self._clock.now())
        self._use_current()
        self._changed = True

    async def _swap(self, rulebook: Rulebook) -> None:
        """Activate a rulebook at start, when no session is in memory yet."""
        self._active.replace(rulebook, self._clock.now())
        await self._notify_sessions()

    async def _notify_sessions(self) -> None:
        self._use_current()
        self._state.background.start_ledger_work(self._read_conversions())
        await self._fanout.notify(self._state.registry.awaiting_rules())

    def _use_current(self) -> None:
        """Give the policy and the campaigns of the active rulebook to the parts that keep to them."""
        rulebook = self._active.current
        self._state.fact_cache.use_policy(rulebook.policy)
        self._state.balances.use_campaigns(rulebook.campaigns)
        self._state.feeds.use_policy(rulebook.policy.max_age)

    async def _read_conversions(self) -> None:
        """Read the log of conversions, where the policy ranks offers by expected value."""
        if self._active.current.policy.arbitration == "expected_value":
            await self._state.conversions.start()

    # versions

    async def version(self, version: str) -> Rulebook | None:
        """Return a version that was active once; None: it is not retained or cannot be read.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if version == self._active.current.version:
            return self._active.current
        sources = await self._stored(version)
        return (await self._compile(sources)).rulebook if sources else None

    async def _last_good(self, stack: Sequence[str]) -> tuple[Rulebook, list[RuleSource]] | None:
        """Return the last version of `stack` that is not active and that this server can compile."""
        for version in reversed(stack):
            if version != self._active.current.version:
                sources = await self._stored(version)
                rulebook = (await self._compile(sources)).rulebook
                if rulebook is not None:
                    return rulebook, sources
        return None

    async def _read_states(self) -> None:
        """Read which rules are paused, and whether all offers are stopped."""
        states = await self._ledger.rule_states()
        self._active.set_paused(frozenset(one for one in states if states[one] == "paused"))
        self._active.set_stop(await self._ledger.offers_stop())

    async def _stored(self, version: str) -> list[RuleSource]:
        return decode_sources(await self._ledger.rulebook_sources(version))

    async def _compile(self, sources: Sequence[RuleSource]) -> CompiledRulebook:
        return await asyncio.to_thread(
            compile_rulebook,
            sources,
            now=self._clock.now(),
            policy=self._policy,
            trial_starts=await self._ledger.trial_starts(),
        )
