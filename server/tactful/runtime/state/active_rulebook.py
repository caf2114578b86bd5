"""Which rulebook is active, and how does another one take its place? Whole, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog
from msgspec import Struct, structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule, Rulebook
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.rulebook")

SUFFIXES: Final = (".yaml", ".yml")
POLL: Final = 0.25
"""Seconds between looks at the rules folder; one that rests for two looks is not being written."""


class NoCandidates:
    """The index of an empty rulebook."""

    def for_item(self, scene: object) -> tuple[Rule, ...]:  # noqa: ARG002
        """Nothing ever matches."""
        return ()


EMPTY: Final = Rulebook(version="empty", rules={}, index=NoCandidates())


class ReloadResult(Struct, frozen=True):
    """How a reload ended: the version that is active now, and what was found in the files."""

    outcome: Literal["active", "same", "refused", "undone"]
    """`undone`: the files are still those that were gone back from."""
    version: str
    diagnostics: tuple[Diagnostic, ...] = ()


class ActiveRulebook:
    """The active rulebook of one shop, with its last good versions behind it."""

    def __init__(
        self,
        *,
        ledger: RulebookStore,
        clock: Clock,
        telemetry: Telemetry,
        folder: Path | None,
        policy: Policy,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._folder = folder
        self._policy = policy
        self._stamp: object = None
        self._watcher: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.current: Rulebook = structs.replace(EMPTY, policy=policy)
        self.activated_at = 0
        self.diagnostics: tuple[Diagnostic, ...] = ()
        """What is wrong with the files in the folder, where they were not taken."""
        self.on_change: Callable[[], Awaitable[None]] = _nothing
        """Told of each new `active`; returns when every session knows."""

    async def start(self) -> None:
        """Load the folder; where that fails, or was undone, the version that was active last."""
        self.current = structs.replace(self.current, paused=await self._paused())
        stack, undone = activation_history(await self._ledger.rulebooks())
        reload = await self.reload(undone)
        if reload.outcome in {"active", "same"}:
            return
        if kept := await self._last_good(stack):
            log.warning("rulebook.last_good", version=kept[0].version, files=reload.outcome)
            await self._swap(kept[0])
        else:
            log.error("rulebook.none", meaning=self.problem)

    @property
    def problem(self) -> str | None:
        """What is wrong with the rule files, and what goes on meanwhile; None: nothing is wrong."""
        if not self.diagnostics:
            return None
        if self.current.version == EMPTY.version:
            return "The rule files have errors, and none were ever taken: nothing is offered."
        return "The rule files have errors; the rulebook from before goes on."

    def watch(self) -> None:
        """Look at the folder from now on, and reload when it changes."""
        if self._folder is not None:
            self._watcher = asyncio.ensure_future(self._look())

    async def stop(self) -> None:
        """Look no more."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    async def _look(self) -> None:
        seen = self._stamp
        while True:
            await asyncio.sleep(POLL)
            stamp = await asyncio.to_thread(self._stamp_now)
            if stamp != self._stamp and stamp == seen:
                await self.reload()
            seen = stamp

    async def reload(self, undone: Container[str] = ()) -> ReloadResult:
        """Read, check and compile the folder off the event loop, then swap it in, unless `undone`."""
        async with self._lock:
            self._stamp = await asyncio.to_thread(self._stamp_now)
            sources = await asyncio.to_thread(self._read)
            compiled = await self._compile(sources)
            if compiled.rulebook is None:
                self.diagnostics = tuple(compiled.diagnostics)
                self._telemetry.record_reload("refused")
                first = self.diagnostics[0] if self.diagnostics else None
                log.error("rulebook.refused", findings=len(self.diagnostics), first=str(first))
                return ReloadResult("refused", self.current.version, self.diagnostics)
            self.diagnostics = ()
            if compiled.rulebook.version in undone:
                return ReloadResult("undone", self.current.version)
            return await self._activate(compiled.rulebook, sources, tuple(compiled.diagnostics))

    async def _activate(
        self,
        rulebook: Rulebook,
        sources: Sequence[RuleSource],
        found: tuple[Diagnostic, ...] = (),
        *,
        back: bool = False,
    ) -> ReloadResult:
        if rulebook.version == self.current.version:
            self._telemetry.record_reload("same")
            return ReloadResult("same", rulebook.version, found)
        packed = msgspec.json.encode([(source.path, source.text) for source in sources])
        await self._ledger.store_rulebook(rulebook.version, packed, self._clock.now(), back=back)
        await self._swap(rulebook)
        self._telemetry.record_reload("active")
        log.info("rulebook.active", version=rulebook.version, rules=len(rulebook.rules))
        return ReloadResult("active", rulebook.version, found)

    async def _swap(self, rulebook: Rulebook) -> None:
        self.current = structs.replace(rulebook, paused=self.current.paused)
        self.activated_at = self._clock.now()
        await self.on_change()

    async def rollback(self) -> ReloadResult | None:
        """Go back to the version before this one, further each time; None: there is none."""
        async with self._lock:
            stack, _ = activation_history(await self._ledger.rulebooks())
            before = await self._last_good(stack)
            return await self._activate(*before, back=True) if before else None

    async def _last_good(self, stack: Sequence[str]) -> tuple[Rulebook, list[RuleSource]] | None:
        """The last of these versions that is not active and that this server can still read."""
        for version in reversed(stack):
            if version != self.current.version:
                sources = await self._stored(version)
                rulebook = (await self._compile(sources)).rulebook
                if rulebook is not None:
                    return rulebook, sources
        return None

    async def pause(self, rule: str, *, paused: bool) -> bool:
        """Pause a rule or let it run again, whatever its file says; whether there is such a rule."""
        if rule not in self.current.rules:
            return False
        await self._ledger.set_rule_state(rule, "paused" if paused else "running")
        self.current = structs.replace(self.current, paused=await self._paused())
        await self.on_change()
        return True

    async def version(self, version: str) -> Rulebook | None:
        """A version that was active once; None: it is not retained."""
        if version == self.current.version:
            return self.current
        sources = await self._stored(version)
        return (await self._compile(sources)).rulebook if sources else None

    async def _paused(self) -> frozenset[str]:
        states = await self._ledger.rule_states()
        return frozenset(rule for rule, state in states.items() if state == "paused")

    async def _stored(self, version: str) -> list[RuleSource]:
        packed = await self._ledger.rulebook_sources(version)
        if packed is None:
            return []
        found = msgspec.json.decode(packed, type=list[tuple[str, bytes]])
        return [RuleSource(path, text) for path, text in found]

    async def _compile(self, sources: Sequence[RuleSource]) -> CompiledRulebook:
        return await asyncio.to_thread(
            compile_rulebook, sources, now=self._clock.now(), policy=self._policy
        )

    def _files(self) -> list[Path]:
        return rule_file_paths(self._folder) if self._folder else []

    def _stamp_now(self) -> object:
        stamps = []
        for path in self._files():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            stamps.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return stamps

    def _read(self) -> list[RuleSource]:
        return read_rule_sources(self._folder) if self._folder else []


async def _nothing() -> None:
    """Nobody is there to be told."""


def activation_history(activations: Sequence[tuple[str, int, bool]]) -> tuple[list[str], set[str]]:
    """The versions that can be gone back through, the active one last; those gone back from since.

    From what the ledger tells, newest first: (version, activated at, whether by going back).
    """
    stack: list[str] = []
    undone: set[str] = set()
    for version, _, back in reversed(activations):
        if back:
            while stack and stack[-1] != version:
                undone.add(stack.pop())
        elif stack[-1:] != [version]:
            undone.clear()
        if stack[-1:] != [version]:
            stack.append(version)
    return stack, undone


def rule_file_paths(folder: Path) -> list[Path]:
    """The rule files of a folder, tests aside, in a fixed order."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not path.name.endswith((".test.yaml", ".test.yml"))
        and not path.name.startswith(".")
    )


def read_rule_sources(folder: Path) -> list[RuleSource]:
    """The same with what is in them."""
    sources = []
    for path in rule_file_paths(folder):
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            continue  # deleted between the listing and the reading: the watcher comes again
        sources.append(RuleSource(path.relative_to(folder).as_posix(), text))
    return sources
