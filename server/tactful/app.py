"""The composition root: builds one shop's server from concrete parts."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from tactful.api.explanations import explain_routes
from tactful.api.facts import facts_routes
from tactful.api.openapi import openapi_routes
from tactful.api.operations import clock_routes, operate_routes
from tactful.api.problems import HANDLERS
from tactful.api.redemption_responses import encode_answer
from tactful.api.redemptions import redemption_routes
from tactful.api.rulebooks import rulebook_routes
from tactful.api.server_key import ServerKey
from tactful.api.widget_files import asset_routes, widget_folder
from tactful.config import Config
from tactful.console.routes import console_routes
from tactful.protocol.conversation import ProtocolTiming
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.shop import Settings, Shop
from tactful.runtime.timers import TEST_CLOCK_FILE, SystemClock, TestClock
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.shared import failpoints
from tactful.stores.shared.folder_lock import exclusive_lock
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.transports.admission.access_policy import AccessPolicy as DoorPolicy
from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.memory_guard import cgroup_limit
from tactful.transports.sessions.asgi_websocket import websocket_routes
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.session_handler import ConnectionTiming, OfferSessionHandler
from tactful.transports.sessions.sse import EventStreams

log = structlog.get_logger("tactful.app")

TEST_START: Final = 1_773_144_000_000
"""2026-03-10T12:00:00Z: where the test clock stands until it is set."""


class SystemEntropy:
    """The machine's randomness."""

    def token_bytes(self, size: int) -> bytes:
        """Unpredictable bytes."""
        return os.urandom(size)


class SeededEntropy:
    """The same bytes in the same order for the same seed; for tests only."""

    def __init__(self, seed: int, start: int) -> None:
        self._seed = f"{seed}:{start}"
        self._count = 0

    def token_bytes(self, size: int) -> bytes:
        """The next bytes."""
        self._count += 1
        text = f"{self._seed}:{self._count}".encode()
        return hashlib.shake_256(text).digest(size)


class ServerParts(Struct, frozen=True):
    """One shop's server, built and not yet started."""

    app: Starlette
    shop: Shop
    hub: ConnectionHub


def create_app(config: Config) -> Starlette:
    """An ASGI app for one shop; several in one process share nothing."""
    return build(config).app


def build(config: Config, *, clock: Clock | None = None) -> ServerParts:
    """Put one shop's server together. `clock`: instead of the one that the config asks for."""
    folder, release = _data_folder(config)
    clock = clock or (
        TestClock(TEST_START, folder / TEST_CLOCK_FILE) if config.test_mode else SystemClock()
    )
    keys = SigningKeys(folder / "keys", clock)
    entropy = _entropy(config, folder)
    ledger: Ledger = MemoryLedger()
    if config.data:
        ledger = SqliteLedger(
            folder / "tactful.db", failpoint=failpoints.from_environment(os.environ)
        )
    settings = Settings(
        rules=config.rules,
        policy=config.policy,
        identity_secret=config.identity_secret,
        default_territory=config.default_territory,
        session_ttl=config.session_ttl,
        retention=config.retention,
        seed=hold_out_seed(config, keys),
    )
    shop = Shop(
        ledger=ledger,
        clock=clock,
        entropy=entropy,
        keys=keys,
        settings=settings,
        encode_redemption=encode_answer,
    )
    desk = OfferSessionHandler(
        shop.lifecycle, shop.identities, clock, ConnectionTiming(config.heartbeat_s, config.idle_s)
    )
    reception = ConnectionHub(desk, _access_policy(config))
    _register_gauges(shop, reception)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with exclusive_lock(folder, lambda: log.warning("ledger.waiting")):
            try:
                await shop.start()
            except BaseException:
                await shop.ledger.close()  # its threads would keep the process from ending
                raise
            try:
                yield
            finally:
                await shop.stop()
        release()

    app = Starlette(
        routes=_routes(config, shop, reception), lifespan=lifespan, exception_handlers=HANDLERS
    )
    # Behind a proxy it would redirect to http://, and with it whoever has the key.
    app.router.redirect_slashes = False
    return ServerParts(app, shop, reception)


def _register_gauges(shop: Shop, reception: ConnectionHub) -> None:
    """Have the metrics say who is connected, and why conversations ended."""
    telemetry = shop.state.telemetry
    telemetry.add_gauge(
        "tactful_connections", "Connections", lambda: [((), len(reception.connections))]
    )
    telemetry.add_counter(
        "tactful_messages", "Messages taken in", lambda: [((), reception.messages_received)]
    )
    telemetry.add_counter(
        "tactful_closes",
        "Conversations that ended, by close code; 0: one of the client's invention",
        lambda: [((str(code),), count) for code, count in sorted(reception.close_counts.items())],
        ("code",),
    )
    telemetry.add_counter(
        "tactful_refusals",
        "Connections and requests that were turned away before anybody looked into them, by code",
        lambda: [((code,), count) for code, count in sorted(reception.rejections.items())],
        ("code",),
    )


def _routes(config: Config, shop: Shop, reception: ConnectionHub) -> list[BaseRoute]:
    key = ServerKey(config.server_key, reception.report_key_check)
    routes = [
        *websocket_routes(reception),
        *EventStreams(reception).routes(),
        *facts_routes(shop, key),
        *redemption_routes(shop, key),
        *explain_routes(shop, key),
        *rulebook_routes(shop, key),
        *operate_routes(shop, key, metrics=config.metrics),
        *asset_routes(widget_folder()),
    ]
    if config.test_mode:
        routes += clock_routes(shop, key)
    console = console_routes(
        shop, key=config.server_key, name=config.name, public_url=config.public_url
    )
    return [*routes, *openapi_routes(routes), *console]


def _data_folder(config: Config) -> tuple[Path, Callable[[], None]]:
    """Where the shop's files are; without one, a folder that goes with the process."""
    if config.data is not None:
        config.data.mkdir(parents=True, exist_ok=True)
        return config.data, lambda: None
    temporary = tempfile.TemporaryDirectory(prefix="tactful-")
    return Path(temporary.name), temporary.cleanup


def _entropy(config: Config, folder: Path) -> Entropy:
    if config.test_mode and config.seed is not None:
        return SeededEntropy(config.seed, _starts(folder / "starts"))
    return SystemEntropy()


def _starts(file: Path) -> int:
    """How often a server was started on this folder: a restart must not give out its ids again."""
    starts = int(file.read_text("ascii")) if file.exists() else 0
    file.write_text(str(starts + 1), "ascii")
    return starts


def hold_out_seed(config: Config, keys: SigningKeys) -> str:
    """The secret behind hold-outs and offer ids: the seed in a test, else the shop's own."""
    if config.seed is not None:
        return f"seed:{config.seed}"
    return keys.holder_of("session", "dice")


UNLIMITED_ADDRESSES: Final = frozenset({"127.0.0.1", "::"})
"""Loopback has no share of its own: a proxy that nobody declared must not lock the shop out."""
NO_RATE_LIMIT: Final = 10**9
"""In test mode the shop's clock stands still while a client plays a whole day: no rate is too fast."""


def _access_policy(config: Config) -> DoorPolicy:
    return DoorPolicy(
        origins=frozenset(config.origins),
        hosts=config.allowed_hosts,
        proxies=TrustedProxies(config.trusted_proxies),
        limits=AdmissionLimits(
            connections=config.max_connections,
            per_address=config.max_connections_per_address,
            request_burst=config.max_connections_per_address,
            requests_per_s=max(1, config.max_connections_per_address // 4),
            memory_bytes=_memory(config),
            unlimited=UNLIMITED_ADDRESSES,
            timing=_rhythm(config),
        ),
    )


def _memory(config: Config) -> int | None:
    return config.max_memory_mib * 2**20 if config.max_memory_mib else cgroup_limit()


def _rhythm(config: Config) -> ProtocolTiming:
    heartbeat = config.heartbeat_s * 1_000
    if config.test_mode:
        return ProtocolTiming(heartbeat_ms=heartbeat, per_second=NO_RATE_LIMIT, burst=NO_RATE_LIMIT)
    return ProtocolTiming(heartbeat_ms=heartbeat)
