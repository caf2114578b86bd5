"""Sends events as webhooks: at least once, in order for each session and customer.

The cursor in the ledger moves when every event of a page was answered with success. After a crash a
page may be sent again; the id of an event tells a receiver that it has had it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import structlog

from tactful.connectors.egress_client import EgressClient, EgressError
from tactful.connectors.signatures import standard_webhooks_headers
from tactful.core.values.calendar import MINUTE, SECOND
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.inbox_store import InboxStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.event_types import AlertData, AnyEvent
from tactful.runtime.services.offer_events import (
    LATEST,
    EventCursorError,
    EventReader,
)

log = structlog.get_logger("tactful.events")

PAGE: Final = 100
"""Events that are sent before the cursor moves."""
AT_ONCE: Final = 8
"""Requests under way at a time, for sessions that have nothing to do with one another."""
POLL_S: Final = 1
"""Seconds between two looks for new events."""
FIRST_PAUSE_S: Final = 5
LONGEST_PAUSE_S: Final = 300
"""Seconds of the first pause after a failed request, which doubles up to the longest."""
TIMEOUT_S: Final = 15
"""Seconds to wait for the connection, and for the answer."""
PATIENCE_MS: Final = 5 * MINUTE
"""Milliseconds of failed requests after which an alert is raised."""
LARGEST_ANSWER: Final = 1 << 16
"""Bytes of an answer that are read."""
CURSOR_OWNER: Final = "events:out"
"""The owner of the cursor among those of connectors, none of which has a colon in its name."""
_CURSOR: Final = "sent"


class EventSender:
    """Sends the events of a shop to one URL."""

    def __init__(
        self,
        reader: EventReader,
        store: InboxStore,
        clock: Clock,
        client: EgressClient,
        *,
        url: str,
        secrets: Sequence[bytes],
    ) -> None:
        """Join the parts.

        Args:
            reader: Reads the events.
            store: Keeps the cursor.
            clock: The shop's clock.
            client: Makes the requests.
            url: Where events go.
            secrets: The bytes of the secrets of the signatures; events are signed with each of them.
        """
        self._reader = reader
        self._store = store
        self._clock = clock
        self._client = client
        self._url = url
        self._secrets = tuple(secrets)
        self._cursor: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._sent: set[str] = set()
        self.count = 0
        """Events that were answered with success since the start of the server."""
        self.problem: str | None = None
        """Why events are not delivered at the moment; `None`: they are."""
        self._failing_since: int | None = None

    def start(self) -> None:
        """Start to send, beginning after what was answered before a restart."""
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Stop between two pages, or within one, which is sent again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            # Another process may send from now on, and moves the cursor.
            self._task = self._cursor = None
            self._sent.clear()

    def wake(self) -> None:
        """Do nothing: events are looked for once a second."""

    async def run(self) -> None:
        """Send events until the task is cancelled."""
        pause_s = 0
        while True:
            try:
                has_sent = await self.send_page()
            except LedgerError as error:
                log.warning("events.waiting", error=str(error))
                has_sent = False
            except Exception as error:
                # Without this, an error of ours would end all deliveries until the next start.
                log.exception("events.failed")
                self.problem, has_sent = f"Events cannot be read ({type(error).__name__}).", False
            if self.problem is not None:
                pause_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
            else:
                pause_s = 0
                await asyncio.sleep(0 if has_sent else POLL_S)

    async def send_page(self) -> bool:
        """Send the next events; return whether all of them were answered, and there were any.

        Raises:
            LedgerError: The ledger failed. The events are sent again.
        """
        if self._cursor is None:
            self._cursor = await self._first_cursor()
        try:
            page = await self._reader.read(self._cursor, PAGE)
        except EventCursorError as error:
            # Events that a restored backup does not know were sent already, or never happened.
            log.warning("events.cursor", error=str(error))
            page = await self._reader.read(LATEST)
        waiting = [event for event in page.events if event.id not in self._sent]
        gate = asyncio.Semaphore(AT_ONCE)
        results = await asyncio.gather(*(self._send_group(one, gate) for one in groups(waiting)))
        if not all(results):
            if self._failing_since is None:
                self._failing_since = self._clock.now()
            return False
        self.problem = self._failing_since = None
        if page.next != self._cursor:
            await self._store.put_cursor(CURSOR_OWNER, _CURSOR, page.next)
            self._cursor = page.next
        self._sent.clear()
        return bool(waiting)

    async def _first_cursor(self) -> str:
        """Return the stored cursor; where there is none, events begin now."""
        stored = (await self._store.cursors(CURSOR_OWNER)).get(_CURSOR)
        if stored is None:
            stored = (await self._reader.read(LATEST)).next
            await self._store.put_cursor(CURSOR_OWNER, _CURSOR, stored)
        return stored

    async def _send_group(self, events: Sequence[AnyEvent], gate: asyncio.Semaphore) -> bool:
        for event in events:
            async with gate:
                problem = await asyncio.to_thread(self._post, event)
            if problem is not None:
                self.problem = problem
                log.warning("event.unsent", type=event.type, problem=problem)
                return False
            self._sent.add(event.id)
            self.count += 1
        return True

    def _post(self, event: AnyEvent) -> str | None:
        """Send one event; return what is wrong, or `None`."""
        body = msgspec.json.encode(event)
        stamp = self._clock.now() // SECOND
        headers = {
            "Content-Type": "application/json",
            **standard_webhooks_headers(self._secrets, event.id, stamp, body),
        }
        try:
            with self._client.send("POST", self._url, headers, body, timeout=TIMEOUT_S) as response:
                for _ in response.chunks(LARGEST_ANSWER):
                    pass
                if 200 <= response.status < 300:
                    return None
                return f"The receiver answered {response.status}."
        except EgressError as error:
            return str(error)

    def causes(self) -> Iterator[Cause]:
        """Yield what needs a person, for the alerts."""
        since = self._failing_since
        if since is not None and self._clock.now() - since >= PATIENCE_MS:
            yield Cause("events.undelivered", "", {"message": str(self.problem)})


def groups(events: Sequence[AnyEvent]) -> list[list[AnyEvent]]:
    """Return events in groups of which no two share a session or customer, each in order."""
    owner: dict[object, int] = {}
    found: dict[int, list[AnyEvent]] = {}
    for place, event in enumerate(events):
        names = _owners(event)
        joined = sorted({owner[name] for name in names if name in owner})
        key = joined[0] if joined else place
        for other in joined[1:]:
            found[key] += found.pop(other)
            owner = {name: key if at == other else at for name, at in owner.items()}
        owner |= dict.fromkeys(names, key)
        found.setdefault(key, []).append(event)
    return list(found.values())


def _owners(event: AnyEvent) -> list[str]:
    """Return whose events stay in order with an event."""
    if isinstance(event.data, AlertData):
        return ["alerts"]
    return [name for name in (event.data.session, event.data.customer) if name is not None]
