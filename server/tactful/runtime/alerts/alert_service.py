"""Raises, closes and keeps the alerts of a shop, and takes what operators do with them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import Final

import structlog
from msgspec import structs

from tactful.runtime.alerts.causes import Cause, CauseReader, shop_causes
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.alerts.unknown_kinds import UnknownKinds
from tactful.runtime.ports.alert_store import Acknowledgement, Alert, Resolution, Snooze
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.alert")

CHECK_MS: Final = 1_000
"""Milliseconds between two checks of a running shop; each takes some 100 µs."""
SERVER: Final = "tactful"
"""Who closes an alert whose cause is gone."""

Key = tuple[str, str]
"""Kind and subject of an alert."""


class UnknownAlertError(Exception):
    """There is no unresolved alert with this id."""


class CausePresentError(Exception):
    """The cause of an alert is still there, so that closing it would raise it again."""


class AlertService:
    """Compares what is wrong with the alerts that are open, once a second.

    A cause raises one alert, however long it lasts. The alert closes by itself once its cause has
    been gone for the `calm_ms` of its kind, or when an operator closes it.

    Unresolved alerts are in memory, so that they can be read while the ledger fails. They are
    written as soon as the ledger takes them.
    """

    def __init__(self, state: ShopState) -> None:
        """Watch what the state of the shop shows; `watch` adds to it."""
        self._ledger = state.ledger
        self._clock = state.clock
        self._readers: list[CauseReader] = [shop_causes(state), UnknownKinds(state).causes]
        self._open: dict[Key, Alert] = {}
        self._seen_at: dict[Key, int] = {}
        """When the cause of each unresolved alert was last seen, ms since the Unix epoch, UTC."""
        self._unsaved: set[Key] = set()
        self._closing: list[Alert] = []
        """Resolved alerts that are not stored yet."""
        self._present: frozenset[Key] = frozenset()
        self._checking = asyncio.Lock()
        state.telemetry.add_gauge(
            "tactful_alerts",
            "Unresolved alerts that nobody has acknowledged or snoozed",
            lambda: [((kind,), self._count(kind)) for kind in KINDS],
            ("kind",),
        )

    def watch(self, reader: CauseReader) -> None:
        """Raise alerts for what a part of the server finds, from the next check on.

        Args:
            reader: Returns the causes that are present; their kinds are keys of `KINDS`.
        """
        self._readers.append(reader)

    async def start(self) -> None:
        """Read the unresolved alerts.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        now = self._clock.now()
        for alert in await self._ledger.alerts(resolved=False, limit=-1):
            key = alert.kind, alert.subject
            self._open[key], self._seen_at[key] = alert, now

    async def follow(self) -> None:
        """Read the unresolved alerts as other nodes have left them; what is not stored yet stays.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        async with self._checking:
            stored = {
                (one.kind, one.subject): one
                for one in await self._ledger.alerts(resolved=False, limit=-1)
            }
            unsaved = {key: self._open[key] for key in self._unsaved}
            now = self._clock.now()
            self._open = stored | unsaved
            self._seen_at = {key: self._seen_at.get(key, now) for key in self._open}

    def unresolved(self) -> list[Alert]:
        """Return the unresolved alerts, the most urgent kind first, then the oldest."""
        order = {kind: place for place, kind in enumerate(KINDS)}
        return sorted(
            self._open.values(),
            key=lambda one: (order.get(one.kind, len(order)), one.raised_at, one.subject),
        )

    async def check(self) -> None:
        """Raise and close alerts as their causes come and go, and write what is not written yet."""
        async with self._checking:
            await self._look_for_confirmation()
            now = self._clock.now()
            causes = {
                (cause.kind, cause.subject): cause for read in self._readers for cause in read()
            }
            self._present = frozenset(causes)
            self._raise(causes.values(), now)
            self._close_calm(now)
            await self._save()

    async def _look_for_confirmation(self) -> None:
        """Read whether an operator has confirmed the orders of a restore, beside this process."""
        if self._ledger.is_restored:
            with suppress(LedgerError):  # the next check reads again
                await self._ledger.restored_gap()

    def _raise(self, causes: Iterable[Cause], now: int) -> None:
        for cause in causes:
            key = cause.kind, cause.subject
            self._seen_at[key] = now
            known = self._open.get(key)
            if known is not None:
                self._open[key] = structs.replace(known, evidence=cause.evidence)
                continue
            self._open[key] = Alert(
                id=alert_id(cause, now),
                kind=cause.kind,
                subject=cause.subject,
                owner=cause.owner,
                raised_at=now,
                evidence=cause.evidence,
            )
            self._unsaved.add(key)
            log.warning(
                "alert.raised", kind=cause.kind, subject=cause.subject, evidence=cause.evidence
            )

    def _close_calm(self, now: int) -> None:
        for key, alert in list(self._open.items()):
            kind = KINDS.get(alert.kind)  # None: a newer version raised it
            if kind and key not in self._present and now - self._seen_at[key] >= kind.calm_ms:
                self._resolve(key, Resolution(at=now, by=SERVER, act=kind.mended_by))

    def _resolve(self, key: Key, resolution: Resolution) -> Alert:
        alert = structs.replace(self._open.pop(key), resolved=resolution)
        self._seen_at.pop(key, None)
        self._unsaved.discard(key)
        self._closing.append(alert)
        log.info("alert.resolved", kind=alert.kind, subject=alert.subject, act=resolution.act)
        return alert

    async def _save(self) -> None:
        """Write what changed; while the ledger fails, it stays in memory until the next check."""
        if self._ledger.failure is not None:
            return
        try:
            await self._write()
        except LedgerError as error:
            log.warning("alert.unsaved", error=str(error))

    async def _write(self) -> None:
        while self._closing:
            await self._ledger.put_alert(self._closing[0])
            self._closing.pop(0)
        for key in sorted(self._unsaved):
            await self._change(self._open[key])

    def _count(self, kind: str) -> int:
        now = self._clock.now()
        return sum(one.kind == kind and one.state(now) == "open" for one in self._open.values())

    # what operators do

    async def acknowledge(self, alert: str, by: str) -> Alert:
        """Note that an operator looks after an alert; the first one stays named.

        Raises:
            UnknownAlertError: There is no such unresolved alert.
            LedgerError: The change is not stored.
        """
        async with self._checking:
            known = self._find(alert)
            if known.acknowledged is not None:
                return known
            mark = Acknowledgement(at=self._clock.now(), by=by)
            return await self._change(structs.replace(known, acknowledged=mark))

    async def snooze(self, alert: str, until: int, by: str) -> Alert:
        """Let an alert rest until an instant, in milliseconds since the Unix epoch, UTC.

        Raises:
            UnknownAlertError: There is no such unresolved alert.
            LedgerError: The change is not stored.
        """
        async with self._checking:
            known = self._find(alert)
            return await self._change(structs.replace(known, snoozed=Snooze(until=until, by=by)))

    async def resolve(self, alert: str, by: str) -> Alert:
        """Close an alert by hand.

        Raises:
            UnknownAlertError: There is no such unresolved alert.
            CausePresentError: Its cause is still there.
            LedgerError: The end is not stored.
        """
        await self.check()
        async with self._checking:
            known = self._find(alert)
            key = known.kind, known.subject
            if key in self._present:
                raise CausePresentError(known.kind)
            end = Resolution(at=self._clock.now(), by=by, act="by.hand")
            await self._ledger.put_alert(structs.replace(known, resolved=end))
            resolved = self._resolve(key, end)
            self._closing.remove(resolved)
            return resolved

    def _find(self, alert: str) -> Alert:
        for known in self._open.values():
            if known.id == alert:
                return known
        raise UnknownAlertError(alert)

    async def _change(self, alert: Alert) -> Alert:
        stored = await self._ledger.put_alert(alert)
        key = alert.kind, alert.subject
        self._unsaved.discard(key)
        # Another process may have raised the same alert before, or closed it.
        self._open[key] = stored
        if stored.resolved is not None:
            self._open.pop(key)
        return stored


def alert_id(cause: Cause, at: int) -> str:
    """Return the id of an alert.

    Args:
        cause: Why it is raised.
        at: When it is raised, milliseconds since the Unix epoch, UTC.
    """
    text = f"{cause.kind}\n{cause.subject}\n{at}".encode()
    return "al_" + blake2b(text, digest_size=8).hexdigest()
