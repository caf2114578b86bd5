"""The causes of alerts that can be read from the state of a shop at any instant."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.health import failure_reason
from tactful.runtime.ports.ledger import LONG_LOG_BYTES
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.system_clock import SystemClock

LOW_DISK_SHARE: Final = 10
"""The disk is low when less than one part in so many is free."""
BACKUP_DUE_MS: Final = 36 * HOUR
"""Milliseconds after which a backup is old: a nightly one failed once."""
KEY_DUE_MS: Final = 365 * DAY
"""Milliseconds after which a signing key is old."""


class Cause(Struct, frozen=True):
    """What is wrong at one instant, and needs a person."""

    kind: str
    """A key of `runtime.alerts.kinds.KINDS`."""
    subject: str = ""
    """Which feed, rule or type of fact; empty: the server as a whole. Never a customer."""
    evidence: dict[str, str | int] = {}
    """What was measured."""
    owner: str | None = None
    """Who is responsible; None: nobody is named."""


CauseReader = Callable[[], Iterable[Cause]]
"""Returns the causes that are present now. It reads memory only, because it runs every second."""


def shop_causes(state: ShopState) -> CauseReader:
    """Return a reader of everything that the state of a shop shows by itself."""
    lost, rejected, steps = Increase(), Increase(), Increase()

    def read() -> Iterator[Cause]:
        yield from _ledger_causes(state)
        if lost.since_last("", state.ledger.records_lost):
            yield Cause("records.lost", "", {"records": state.ledger.records_lost})
        yield from _storage_causes(state)
        yield from _feed_causes(state)
        for kind, (code, count) in state.telemetry.rejected_facts().items():
            if rejected.since_last(kind, count):
                yield Cause("facts.rejected", kind, {"code": code, "facts": count})
        yield from _rulebook_causes(state)
        yield from _clock_causes(state, steps)
        if state.unnamed_proxy is not None:
            yield Cause("proxy.unnamed")
        yield from _key_causes(state)

    return read


class Increase:
    """Whether counters have grown since they were last read; they begin at 0."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def since_last(self, name: str, count: int) -> bool:
        """Remember the count of a counter, and return whether it is larger than before."""
        before = self._last.get(name, 0)
        self._last[name] = count
        return count > before


def _ledger_causes(state: ShopState) -> Iterator[Cause]:
    if (failure := state.ledger.failure) is not None:
        reason = failure_reason(state.ledger)
        yield Cause("ledger.failing", "", {"reason": reason, "message": failure})
    if state.ledger.is_restored:
        yield Cause("restored")


def _storage_causes(state: ShopState) -> Iterator[Cause]:
    use = state.ledger.storage_use()
    if use is None:
        return
    if use.disk_free_bytes * LOW_DISK_SHARE < use.disk_bytes:
        yield Cause(
            "disk.low", "", {"free_bytes": use.disk_free_bytes, "disk_bytes": use.disk_bytes}
        )
    if use.log_bytes > LONG_LOG_BYTES:
        yield Cause("log.long", "", {"log_bytes": use.log_bytes})
    if use.backed_up_at is None:
        yield Cause("backup.missing")
    elif (age := state.clock.now() - use.backed_up_at) > BACKUP_DUE_MS:
        yield Cause("backup.old", "", {"age_ms": age})


def _feed_causes(state: ShopState) -> Iterator[Cause]:
    for feed, (age, limit) in state.feeds.ages(state.clock.now()).items():
        if limit is not None and (age is None or age > limit):
            silence = {} if age is None else {"age_ms": age}
            yield Cause("feed.stale", feed, {**silence, "max_age_ms": limit})


def _rulebook_causes(state: ShopState) -> Iterator[Cause]:
    rulebook = state.active_rulebook
    if (stop := rulebook.stop) is not None:
        yield Cause("offers.stopped", "", {"by": stop.who, "reason": stop.reason})
    if (kept := rulebook.kept_because) is not None:
        yield Cause(f"rules.{kept}", "", {"message": rulebook.problem or ""})


def _clock_causes(state: ShopState, steps: Increase) -> Iterator[Cause]:
    clock = state.clock
    if not isinstance(clock, SystemClock):
        return
    has_stepped = steps.since_last("", clock.steps)
    if has_stepped or clock.is_doubted:
        ahead_ms = round(clock.difference_s * 1000)
        yield Cause("clock.jumped", "", {"steps": clock.steps, "machine_ahead_ms": ahead_ms})


def _key_causes(state: ShopState) -> Iterator[Cause]:
    try:
        keys = state.keys.accepted_keys()
    except KeyFileError as error:
        yield Cause("keys.unusable", "", {"message": str(error)})
        return
    for key in keys:
        age = state.clock.now() - key.created
        if key.until is None and age > KEY_DUE_MS:
            yield Cause("key.old", key.kid, {"age_ms": age})
