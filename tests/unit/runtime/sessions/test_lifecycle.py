"""How connections find their sessions, and what a login, a logout and a restart change."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeys.fixture import CATALOGUE
from support.bare_shop import NOON, Recorder, bare_shop, recorded_connection
from support.builders import session
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import (
    ActivityReported,
    CartLine,
    ItemViewed,
    PageViewed,
)
from tactful.core.values import ids
from tactful.runtime.facts.known_skus import UNKNOWN_CART_LINES
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import SavedSession
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.sessions.lifecycle import MAX_BACKLOG, MAX_IDLE_VIEW_MS, SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import encode
from tactful.stores.memory.ledger import MemoryLedger

SECRET = ids.resume_secret(b"s" * ids.SECRET_BYTES)


def opened(shop: Shop, **greeting: Any) -> tuple[SessionConnection, Recorder]:
    connection, recorder = recorded_connection()
    shop.lifecycle.open(connection, SessionGreeting(**{"consent": "anonymous", **greeting}))
    return connection, recorder


def live_of(connection: SessionConnection) -> LiveSession:
    assert connection.live is not None
    return connection.live


def saved(state: Session, seen_at: int, digest: bytes) -> SavedSession:
    return SavedSession(
        session=state.id,
        customer=state.customer,
        state=encode(state),
        resume=digest,
        wake_at=state.wake_at,
        seen_at=seen_at,
    )


class Saved(MemoryLedger):
    """A ledger that has one session, under `SECRET`."""

    def __init__(self, state: Session, seen_at: int) -> None:
        super().__init__()
        self.saved = saved(state, seen_at, ids.resume_digest(SECRET))
        self.broken = False

    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        """The session, after a turn of the event loop."""
        await asyncio.sleep(0)
        if self.broken:
            raise LedgerError("cannot read")
        return self.saved if digest == self.saved.resume else None


async def test_a_new_connection_begins_a_session_and_gets_its_snapshot(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path, default_territory="DE")
    connection, recorder = opened(shop)
    live = live_of(connection)
    (snapshot,) = recorder.snapshots
    assert snapshot.session == live.state.id == live.public_id
    assert snapshot.resume == live.resume_secret
    assert live.state.territory == "DE"
    assert connection.tab == 1
    assert live.connections == {1: connection}
    await shop.settled()


async def test_a_secret_in_memory_leads_to_the_same_session(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    first, _ = opened(shop)
    secret = live_of(first).resume_secret
    assert shop.lifecycle.can_resume(secret)
    second, recorder = opened(shop, resume=secret)
    assert second.live is first.live
    assert second.tab == 2
    assert len(recorder.snapshots) == 1
    assert not shop.lifecycle.can_resume(SECRET)
    assert not shop.lifecycle.can_resume(None)
    await shop.settled()


async def test_a_session_of_the_ledger_is_resumed_with_the_signals_that_came_meanwhile(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path, Saved(session("se_old"), NOON - 1))
    connection, recorder = opened(shop, resume=SECRET)
    shop.lifecycle.submit(connection, PageViewed("home"))
    assert connection.live is None
    await shop.lifecycle.wait_until_idle()
    await shop.settled()
    live = live_of(connection)
    assert live.state.id == "se_old"
    assert live.state.page == "home"
    assert [snapshot.resume for snapshot in recorder.snapshots] == [SECRET]


@pytest.mark.parametrize("why", ["expired", "unreadable", "unknown"])
async def test_a_session_that_cannot_be_resumed_is_replaced_by_a_new_one(
    tmp_path: Path, why: str
) -> None:
    ledger = Saved(session("se_old"), NOON - 5 if why == "expired" else NOON)
    ledger.broken = why == "unreadable"
    shop = bare_shop(tmp_path, ledger, session_ttl=5)
    secret = ids.resume_secret(b"x" * ids.SECRET_BYTES) if why == "unknown" else SECRET
    connection, recorder = opened(shop, resume=secret)
    await shop.lifecycle.wait_until_idle()
    assert live_of(connection).state.id != "se_old"
    assert recorder.snapshots[0].resume != secret
    await shop.settled()


async def test_a_connection_that_closes_before_its_session_is_found_gets_none(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path, Saved(session("se_old"), NOON))
    connection, recorder = opened(shop, resume=SECRET)
    shop.lifecycle.disconnect(connection)
    await shop.lifecycle.wait_until_idle()
    assert connection.live is None
    assert recorder.snapshots == []


async def test_the_backlog_of_a_connection_is_bounded(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, _ = recorded_connection()
    for _ in range(MAX_BACKLOG + 1):
        shop.lifecycle.submit(connection, ActivityReported("input", 1))
    assert len(connection.backlog) == MAX_BACKLOG


async def test_a_login_changes_the_secret_and_the_public_id_in_every_tab(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    first, recorder = opened(shop, consent="personal")
    live = live_of(first)
    secret, public = live.resume_secret, live.public_id
    second, _ = opened(shop, consent="personal", resume=secret)
    shop.lifecycle.identify(second, VerifiedIdentity("c1"))
    await shop.settled()
    assert live.state.customer == "c1"
    assert live.resume_secret != secret
    assert live.public_id != public
    assert not shop.lifecycle.can_resume(secret)
    assert shop.lifecycle.can_resume(live.resume_secret)
    assert [one.resume for one in recorder.snapshots] == [secret, live.resume_secret]


async def test_the_same_customer_again_changes_only_a_new_territory(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, recorder = opened(
        shop, consent="personal", territory="DE", identity=VerifiedIdentity("c1")
    )
    await shop.settled()
    live = live_of(connection)
    assert len(recorder.snapshots) == 1, "nothing is sent between the opening and the login"
    shop.lifecycle.identify(connection, VerifiedIdentity("c1"))
    shop.lifecycle.identify(connection, VerifiedIdentity("c1", "GB"))
    await shop.settled()
    assert live.state.territory == "GB"
    assert live.id_rotations == 0


async def test_a_logout_leaves_an_anonymous_session_with_a_new_secret(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, _ = opened(shop, consent="personal", identity=VerifiedIdentity("c1"))
    await shop.settled()
    live = live_of(connection)
    shopper, secret = live.state.shopper, live.resume_secret
    shop.lifecycle.logout(connection)
    await shop.settled()
    assert (live.customer, live.state.customer) == (None, None)
    assert live.state.shopper != shopper
    assert live.resume_secret != secret


async def test_a_refresh_waits_until_the_session_waits_for_nothing(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, recorder = opened(shop)
    live = live_of(connection)
    live.phase = TurnPhase.COMMITTING
    shop.lifecycle.refresh(connection)
    assert len(recorder.snapshots) == 1
    assert live.newcomers == [connection]
    live.phase = TurnPhase.IDLE
    shop.lifecycle.refresh(connection)
    assert len(recorder.snapshots) >= 2
    assert live.newcomers == []
    await shop.settled()


async def test_a_disconnect_removes_the_connection_from_its_session(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, _ = opened(shop)
    live = live_of(connection)
    shop.lifecycle.disconnect(connection)
    assert connection.closed
    assert live.connections == {}
    assert live.ends_at == NOON + shop.settings.session_ttl
    await shop.settled()


async def test_a_restored_session_has_no_tabs_and_was_engaged_up_to_a_limit(tmp_path: Path) -> None:
    started = NOON - 100_000
    state = session(
        "se_old", tabs=(Tab(3, visible=True),), running_since=started, dwell_before_ms=7, wake_at=NOON + 9
    )  # fmt: skip
    shop = bare_shop(tmp_path)
    live = shop.lifecycle.restore(saved(state, started + 5, b"digest"))
    assert live.state.tabs == ()
    assert live.state.running_since is None
    assert live.state.dwell_before_ms == 7 + 5 + MAX_IDLE_VIEW_MS
    assert live.last_tab == 0
    assert live.persists
    assert shop.state.timers.next_due() == NOON + 9
    assert shop.state.registry.by_id["se_old"] is live


async def test_views_and_carts_of_unknown_skus_wait_for_nothing_and_leave_nothing(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    await shop.state.fact_cache.read_catalogue()
    connection, _ = opened(shop)
    await shop.settled()
    for number in range(50):
        shop.lifecycle.submit(connection, ItemViewed(f"x-{number}"))
        lines = tuple(CartLine(f"y-{number}-{line}", 1) for line in range(200))
        shop.lifecycle.submit(connection, shop.lifecycle.cart_changed(lines))
        assert live_of(connection).phase is TurnPhase.IDLE
        assert len(live_of(connection).state.cart) == UNKNOWN_CART_LINES
    assert shop.state.fact_cache.table_sizes()["items"][0] == 0
    assert shop.state.reductions.view.counts == {}
    assert b"tactful_cart_lines_dropped_total 9000.0" in shop.state.telemetry.exposition()


async def test_an_unknown_sku_on_the_screen_is_read_once_the_shop_reports_it(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    await shop.state.fact_cache.read_catalogue()
    connection, _ = opened(shop)
    shop.lifecycle.submit(connection, ItemViewed("RUN-42"))
    await shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
    shop.lifecycle.submit(connection, ItemViewed("RUN-42"))
    await shop.settled()
    assert shop.state.fact_cache.item("RUN-42") is not None
    assert live_of(connection).state.focus == "RUN-42"
