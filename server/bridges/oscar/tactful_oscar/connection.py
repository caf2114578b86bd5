"""The parts of `tactful_bridge`, joined once a process for this shop."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.db import transaction

from tactful_bridge.checkout import Checkout
from tactful_bridge.client import TactfulClient
from tactful_bridge.delivery import Delivery
from tactful_bridge.key_cache import KeyCache
from tactful_bridge.store import EntryKind, OutboxEntry
from tactful_bridge.sweep import Sweep
from tactful_bridge.transport import HttpTransport
from tactful_oscar.conf import bridge_settings
from tactful_oscar.facts import OscarFacts
from tactful_oscar.orders import OscarOrders
from tactful_oscar.store import DjangoStore

PAUSE_S: Final = 30
"""Seconds in which requests of the shop do not wait for a server that did not answer."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that belongs to one Tactful server."""

    client: TactfulClient
    keys: KeyCache
    store: DjangoStore
    delivery: Delivery
    checkout: Checkout
    sweep: Sweep


@cache
def connection() -> Connection:
    """Return the connection of this process; nothing is sent before it is used.

    Raises:
        ImproperlyConfigured: The setting `TACTFUL` is missing or wrong.
    """
    chosen = bridge_settings()
    client = TactfulClient(HttpTransport(chosen.url, chosen.server_key))
    store = DjangoStore()
    delivery = Delivery(client, store, OscarFacts(chosen))
    checkout = Checkout(client, store, delivery)
    sweep = Sweep(checkout, client, store, delivery, OscarOrders(chosen))
    return Connection(client, KeyCache(client), store, delivery, checkout, sweep)


class _Pause:
    """Remembers a server that did not answer, so that no further request of the shop waits for it."""

    until = 0

    @classmethod
    def is_on(cls) -> bool:
        return time.monotonic_ns() < cls.until

    @classmethod
    def begin(cls) -> None:
        cls.until = time.monotonic_ns() + PAUSE_S * 1_000_000_000


def deliver_after_commit(subject: str) -> None:
    """Send what the outbox has about a subject as soon as the present transaction is committed.

    What cannot be delivered stays in the outbox for the sweep.
    """
    transaction.on_commit(lambda: _deliver(subject), robust=True)


def report_facts(subject: str) -> None:
    """Report the facts about a subject, such as `product:17`, after the present transaction."""
    entry = OutboxEntry(kind=EntryKind.FACTS, subject=subject, body={})
    connection().store.record(None, entry)
    deliver_after_commit(subject)


def _deliver(subject: str) -> None:
    if not _Pause.is_on() and connection().delivery.deliver(subject=subject).waiting:
        _Pause.begin()
