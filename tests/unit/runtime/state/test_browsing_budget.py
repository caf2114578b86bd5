"""A session, an address or a full disk may stop browsing from being written, and nothing else."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from journeys.fixture import CATALOGUE, rules
from support.bare_shop import NOON, bare_shop, recorded_connection
from support.builders import session
from tactful.core.session.signals import CartChanged, CartLine, ItemViewed, PageViewed
from tactful.runtime.ports.ledger import LONG_LOG_BYTES, Ledger
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import DISK_POLL_MS, Shop
from tactful.runtime.state.browsing_budget import (
    ENOUGH_BYTES,
    LOG_LIMIT_BYTES,
    LOW_WATER_BYTES,
    PRUNE_FROM,
    BrowsingBudget,
    BrowsingLimits,
)
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.runtime.turn_log.log_encoding import decode_session

LIMITS = BrowsingLimits(
    session_bytes=1_000,
    session_bytes_per_s=10,
    address_bytes=3_000,
    address_bytes_per_s=10,
    charged_at_once=1,
)


class Scene:
    """Sessions with a budget, and a clock."""

    def __init__(self) -> None:
        self.now = NOON
        self.budget = BrowsingBudget(lambda: self.now, LIMITS)

    def session(self, address: str = "192.0.2.1") -> LiveSession:
        live = LiveSession(session(), b"digest")
        live.persists, live.address = True, address
        self.budget.review(live)
        return live


def test_a_session_is_written_until_its_budget_is_used_up_and_again_after_half_of_it() -> None:
    scene = Scene()
    live, other = scene.session(), scene.session()
    scene.budget.charge(live, 1_000)
    assert live.records
    scene.budget.charge(live, 1)
    assert (live.records, live.unwritten_because) == (False, "session")
    scene.budget.count_unwritten(live)
    scene.budget.count_unwritten(other)
    assert scene.budget.unwritten == {"session": 1}
    assert other.records
    scene.now += 49_000
    scene.budget.review(live)
    assert not live.records
    scene.now += 1_200
    scene.budget.review(live)
    assert (live.records, live.unwritten_because) == (True, None)


def test_the_sessions_of_one_address_share_its_budget() -> None:
    scene = Scene()
    crowd = [scene.session() for _ in range(4)]
    for live in crowd:
        scene.budget.charge(live, 900)
    assert [live.unwritten_because for live in crowd] == [None, None, None, "address"]
    elsewhere = scene.session("198.51.100.1")
    scene.budget.charge(elsewhere, 900)
    assert elsewhere.records


def test_small_writes_are_charged_together_and_at_the_latest_when_the_client_leaves() -> None:
    budget = BrowsingBudget(lambda: NOON, BrowsingLimits())
    live = Scene().session()
    budget.charge(live, BrowsingLimits().charged_at_once - 1)
    assert len(budget) == 0
    budget.charge(live, 1)
    assert (len(budget), live.uncharged) == (1, 0)
    other = Scene().session("198.51.100.1")
    budget.charge(other, 1)
    budget.settle(other)
    assert (len(budget), other.uncharged) == (2, 0)


def test_an_address_without_limits_has_no_budget() -> None:
    scene = Scene()
    for _ in range(10):
        live = scene.session("")
        scene.budget.charge(live, 1_000)
        assert live.records
    assert len(scene.budget) == 0


@given(st.lists(st.integers(1, 400), min_size=1, max_size=200))
def test_a_session_that_never_stops_writes_its_burst_and_its_rate_and_one_entry_at_most(
    sizes: list[int],
) -> None:
    scene = Scene()
    live = scene.session("")
    written = 0
    for size in sizes:
        if live.records:
            written += size
            scene.budget.charge(live, size)
        scene.now += 1_000
        scene.budget.review(live)
    assert written <= LIMITS.session_bytes + len(sizes) * LIMITS.session_bytes_per_s + 400


def test_addresses_whose_budget_is_full_again_are_forgotten() -> None:
    scene = Scene()
    for number in range(10 * PRUNE_FROM):
        scene.budget.charge(scene.session(f"192.0.{number}"), 10)
        scene.now += 1_000
    assert len(scene.budget) <= PRUNE_FROM


def test_a_session_that_may_not_be_kept_is_never_written() -> None:
    scene = Scene()
    live = LiveSession(session(), b"digest")
    scene.budget.review(live)
    assert not live.records


def test_below_the_low_water_mark_nobody_is_written_until_there_is_enough_room() -> None:
    scene = Scene()
    live = scene.session()
    with capture_logs() as logs:
        for free in (LOW_WATER_BYTES, LOW_WATER_BYTES - 1, ENOUGH_BYTES - 1):
            scene.budget.observe_disk(free, 0, [live])
        assert (live.records, live.unwritten_because) == (False, "disk")
        assert scene.session().unwritten_because == "disk"
        scene.budget.observe_disk(ENOUGH_BYTES, 0, [live])
    assert live.records
    assert [line["event"] for line in logs] == ["browsing.suspended", "browsing.resumed"]


def test_with_a_log_beyond_its_limit_nobody_is_written_until_it_is_short_again() -> None:
    scene = Scene()
    live = scene.session()
    found = []
    with capture_logs() as logs:
        for log_bytes in (LOG_LIMIT_BYTES, LOG_LIMIT_BYTES + 1, LONG_LOG_BYTES + 1, LONG_LOG_BYTES):
            scene.budget.observe_disk(ENOUGH_BYTES, log_bytes, [live])
            found.append(live.unwritten_because)
    assert found == [None, "log", "log", None]
    assert [(line["event"], line.get("cause")) for line in logs] == [
        ("browsing.suspended", "log"),
        ("browsing.resumed", None),
    ]


def test_a_full_disk_is_the_reason_where_the_log_is_too_long_as_well() -> None:
    scene = Scene()
    live = scene.session()
    for free in (LOW_WATER_BYTES, LOW_WATER_BYTES - 1, ENOUGH_BYTES):
        scene.budget.observe_disk(free, LOG_LIMIT_BYTES + 1, [live])
        assert live.unwritten_because == ("disk" if free < LOW_WATER_BYTES else "log")


# with the other parts of a shop


async def opened(shop: Shop) -> tuple[SessionConnection, LiveSession]:
    await shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
    connection, _ = recorded_connection()
    shop.lifecycle.open(
        connection,
        SessionGreeting(consent="anonymous", territory="DE", address="192.0.2.1"),
    )
    await shop.settled()
    live = connection.live
    assert live is not None
    return connection, live


async def stored_bytes(ledger: Ledger) -> int:
    entries = await ledger.turn_entries(since=0, limit=10**6)
    return sum(
        len(entry.signal) + len(entry.inputs or b"") + len(entry.trace or b"") for entry in entries
    )


async def test_a_shopper_who_never_stops_fills_a_budget_and_not_the_disk(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    connection, live = await opened(shop)
    lines = tuple(CartLine("RUN-42", number + 1) for number in range(200))
    for number in range(3_000):
        shop.lifecycle.submit(connection, PageViewed("other", f"/{number}"))
        shop.lifecycle.submit(connection, CartChanged(lines))
        await shop.settled()
    assert live.unwritten_because == "session"
    assert len(live.state.cart) == 200
    assert await stored_bytes(shop.ledger) < 2 * BrowsingLimits().session_bytes
    assert shop.state.browsing.unwritten["session"] > 1_000
    assert b'tactful_browsing_unwritten_total{reason="session"}' in (
        shop.state.telemetry.exposition()
    )


async def test_with_a_disk_nearly_full_offers_are_made_and_browsing_is_not_written(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(rules(), "utf-8")
    free = [ENOUGH_BYTES]
    shop = bare_shop(tmp_path, rules=folder, free_bytes=lambda: free[0])
    await shop.start()
    connection, live = await opened(shop)
    before = await stored_bytes(shop.ledger)
    free[0] = LOW_WATER_BYTES - 1
    await shop.move_clock(NOON + DISK_POLL_MS)
    assert live.unwritten_because == "disk"
    shop.lifecycle.submit(connection, ItemViewed("RUN-42"))
    shop.lifecycle.submit(connection, PageViewed("product", "/run"))
    await shop.settled()
    assert await stored_bytes(shop.ledger) == before
    await shop.move_clock(NOON + DISK_POLL_MS + 31_000)
    (offer,) = live.state.offers
    assert await shop.ledger.offer(offer.id) is not None
    saved = await shop.ledger.session(live.state.id)
    assert saved is not None
    assert decode_session(saved.state).offers == (offer,)
    await shop.stop()
