"""The composition root: builds one shop's server from concrete parts.

This is the only module that knows both the runtime and its concrete ports, stores and transports.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from tactful.api.alerts import alert_routes
from tactful.api.audit import audit_routes
from tactful.api.corrections import correction_routes
from tactful.api.diagnoses import diagnosis_routes
from tactful.api.effect_reports import report_routes
from tactful.api.events import event_routes
from tactful.api.explanations import explain_routes
from tactful.api.facts import facts_routes
from tactful.api.inbound import inbound_routes
from tactful.api.lifespan_check import LifespanCheckMiddleware
from tactful.api.openapi import openapi_routes
from tactful.api.operations import clock_routes, operate_routes
from tactful.api.pairing import PairingTerms, pairing_routes
from tactful.api.problems import HANDLERS
from tactful.api.redemption_responses import encode_answer
from tactful.api.redemptions import redemption_routes
from tactful.api.request_counter import RequestCounter, RequestCounterMiddleware
from tactful.api.rulebooks import rulebook_routes
from tactful.api.server_key import ServerKey, grants
from tactful.api.widget_files import widget_folder, widget_routes
from tactful.config import Config
from tactful.config.connector_settings import ConnectorSettings
from tactful.config.loading import ConfigError
from tactful.connectors.connector import Terms
from tactful.connectors.egress_client import EgressClient
from tactful.connectors.inbox.inbox_service import InboxService, install
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.outbound.event_sender import EventSender
from tactful.connectors.signatures import standard_secret
from tactful.console.routes import console_routes
from tactful.protocol.conversation import ProtocolTiming
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.api_tokens import ApiTokens
from tactful.runtime.security.bridge_keys import BridgeKeys
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.services.offer_events import EventReader
from tactful.runtime.shop import Settings, Shop
from tactful.runtime.state.browsing_budget import BrowsingLimits
from tactful.runtime.system_clock import SystemClock
from tactful.runtime.system_entropy import entropy_of
from tactful.runtime.timers import TEST_CLOCK_FILE, TestClock
from tactful.stores.chosen_ledger import (
    LEDGER_FILE,
    configured_ledger,
    key_exchange,
    register_database,
)
from tactful.stores.relational.ledger import MAX_PENDING_BYTES
from tactful.stores.report_process import reports_of
from tactful.stores.shared import draft_folder
from tactful.stores.shared.folder_lock import exclusive_lock
from tactful.transports.admission.access_policy import AccessPolicy
from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.memory_guard import cgroup_limit
from tactful.transports.sessions.asgi_websocket import websocket_routes
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.hub_gauges import register_hub_gauges, register_hub_tables
from tactful.transports.sessions.session_handler import ConnectionTiming, OfferSessionHandler
from tactful.transports.sessions.sse import EventStreams

log = structlog.get_logger("tactful.app")

TEST_START: Final = 1_773_144_000_000
"""The test clock's first instant, 2026-03-10T12:00:00Z, in milliseconds since the Unix epoch."""


class ServerParts(Struct, frozen=True):
    """One shop's server, built and not yet started."""

    app: Starlette
    """The ASGI application; its lifespan starts and stops the shop."""
    shop: Shop
    """The runtime behind the application."""
    hub: ConnectionHub
    """The open session connections."""


def create_app(config: Config) -> Starlette:
    """Return an ASGI application that serves one shop.

    The application can be mounted in another server or run under any ASGI server. It opens the
    ledger and reads the rules when its lifespan starts. Several applications in one process share
    nothing. `tactful serve` uses the same application with a listener of its own, which also limits
    connections before their first request. Another server has to limit them itself.

    Args:
        config: The settings of the shop, from `tactful.config.load` or built in code.

    Returns:
        A Starlette application with the routes of `server/HTTP.md` and `server/PROTOCOL.md`.

    Raises:
        OSError: The data folder cannot be created or written.
        KeyFileError: A file in the folder of signing keys is damaged or readable by other users.
    """
    return build(config).app


def build(config: Config, *, clock: Clock | None = None) -> ServerParts:
    """Build one shop's server and return its parts.

    Args:
        config: The settings of the shop.
        clock: Replaces the clock that `config` asks for; for tests.

    Returns:
        The application together with the shop and the connection hub, for a listener or a test.

    Raises:
        OSError: The data folder cannot be created or written.
        KeyFileError: A file in the folder of signing keys is damaged or readable by other users.
        LedgerError: The server is one of several, and cannot get their keys.
    """
    folder, release = _data_folder(config)
    clock = clock or (
        TestClock(TEST_START, folder / TEST_CLOCK_FILE) if config.test_mode else SystemClock()
    )
    exchange = key_exchange(config, folder / "keys", clock)
    keys = SigningKeys(folder / "keys", clock)
    entropy = entropy_of(config.seed if config.test_mode else None, folder / "starts")
    ledger = configured_ledger(config, folder)
    settings = Settings(
        rules=config.rules,
        policy=config.policy,
        identity_secret=config.identity_secret,
        default_territory=config.default_territory,
        session_ttl=config.session_ttl,
        retention=config.retention,
        money_retention=config.money_retention,
        report_retention=config.report_retention,
        seed=hold_out_seed(config, keys),
        browsing=UNLIMITED_BROWSING if config.test_mode else BrowsingLimits(),
    )
    shop = Shop(
        ledger=ledger,
        clock=clock,
        entropy=entropy,
        keys=keys,
        settings=settings,
        encode_redemption=encode_answer,
        reports=reports_of(ledger, config.ledger or str(folder / LEDGER_FILE), clock),
        free_bytes=None if config.test_mode else lambda: shutil.disk_usage(folder).free,
    )
    inbox = _inbox(config, shop)
    events = EventReader(ledger, clock)
    sender = _event_sender(config, events, ledger, clock)
    if sender is not None:
        shop.alerts.watch(sender.causes)
    handler = OfferSessionHandler(
        shop.lifecycle, shop.identities, clock, ConnectionTiming(config.heartbeat_s, config.idle_s)
    )
    proxies = TrustedProxies(config.trusted_proxies, shop.state.report_unnamed_proxy)
    hub = ConnectionHub(handler, _access_policy(config, proxies))
    requests = RequestCounter()
    _register_gauges(shop, hub, requests)
    if config.ledger:
        register_database(ledger, shop.state.telemetry)
    register_hub_tables(shop.state.tables, hub, shop.state.browsing)

    @contextlib.asynccontextmanager
    async def lifespan(running: Starlette) -> AsyncIterator[None]:
        async with exclusive_lock(folder, lambda: log.warning("ledger.waiting")):
            await _sweep_drafts(folder)
            try:
                await shop.start()
            except BaseException:
                await shop.ledger.close()  # its threads would keep the process from ending
                raise
            running.state.is_running = True
            shop.nodes.take_duties(inbox, sender)
            try:
                async with exchange or contextlib.nullcontext():
                    yield
            finally:
                running.state.is_running = False
                await shop.nodes.drop_duties()
                await shop.stop()
        release()

    routes = _routes(config, shop, hub, keys, inbox, events)
    requests.name_routes(routes)
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(LifespanCheckMiddleware),
            Middleware(RequestCounterMiddleware, counter=requests),
        ],
        lifespan=lifespan,
        exception_handlers=HANDLERS,
    )
    # Behind a proxy that ends TLS, Starlette would redirect to http://, and a client would send the
    # server key there in plain text.
    app.router.redirect_slashes = False
    return ServerParts(app, shop, hub)


def _register_gauges(shop: Shop, hub: ConnectionHub, requests: RequestCounter) -> None:
    """Register the metrics of connections, messages, requests and limits."""
    telemetry = shop.state.telemetry
    telemetry.add_counter(
        "tactful_http_requests",
        "HTTP responses, by route and class of status",
        requests.readings,
        ("route", "status"),
    )
    register_hub_gauges(telemetry, hub)
    telemetry.add_limits(lambda: {"record_bytes": (shop.ledger.pending_bytes, MAX_PENDING_BYTES)})


def _inbox(config: Config, shop: Shop) -> InboxService:
    """Return the connectors of a shop, with their alerts and metrics."""
    inbox = InboxService(
        [connector_for(name, one, config) for name, one in config.connectors.items()],
        inbox=shop.ledger,
        facts=shop.ledger,
        ingest=shop.ingest,
        clock=shop.clock,
        contact_key=shop.state.keys.contact_key,
    )
    inbox.register_metrics(shop.state.telemetry)
    shop.alerts.watch(inbox.causes)
    return inbox


def _event_sender(
    config: Config, reader: EventReader, store: Ledger, clock: Clock
) -> EventSender | None:
    """Return what sends events; `None`: the settings name no receiver.

    Raises:
        ConfigError: There is no secret, or it is not base64.
    """
    if config.events_url is None:
        return None
    try:
        # An empty text is no secret, and is refused as such.
        secrets = [standard_secret(one) for one in (config.events_secret or "").split() or [""]]
    except ValueError as error:
        message = f"events_secret: {error} Write base64 of at least 24 bytes after whsec_."
        raise ConfigError([message]) from error
    client = EgressClient(allow=config.egress_allow, typed=[config.events_url])
    return EventSender(reader, store, clock, client, url=config.events_url, secrets=secrets)


def connector_for(name: str, settings: ConnectorSettings, config: Config) -> InstalledConnector:
    """Return the connector that has a name and a table in the settings.

    Raises:
        ConfigError: There is no such kind, or its secret or key cannot be used.
    """
    # Imported here: a server without connectors starts without the mappers of every system.
    from tactful.connectors.registry import connector_of  # noqa: PLC0415

    terms = Terms(
        territory=settings.territory or config.default_territory,
        currency=settings.currency,
        tax_included=settings.tax_included,
        tax_rate_bp=settings.tax_rate_bp,
        locations=settings.locations,
        regions=settings.regions,
        words=settings.words,
        sku_from_id=settings.sku_from_id,
    )
    try:
        return install(
            name,
            connector_of(settings.kind, settings.mapping),
            secret=settings.secret,
            terms=terms,
            address=settings.address,
            key=settings.key,
            egress_allow=config.egress_allow,
            is_reconciled=settings.reconcile,
        )
    except ValueError as error:
        raise ConfigError([f"connectors.{name}: {error}"]) from error


def _routes(
    config: Config,
    shop: Shop,
    hub: ConnectionHub,
    keys: SigningKeys,
    inbox: InboxService,
    events: EventReader,
) -> list[BaseRoute]:
    plugins = BridgeKeys(keys.folder, shop.clock)
    tokens = ApiTokens(keys.folder, shop.clock)
    key = ServerKey(config.server_key, hub.report_key_check, grants(plugins, tokens))
    terms = PairingTerms(config.origins, config.default_territory, config.identity_secret)
    routes = [
        *websocket_routes(hub),
        *EventStreams(hub).routes(),
        *facts_routes(shop, key),
        *redemption_routes(shop, key),
        *explain_routes(shop, key),
        *diagnosis_routes(shop, key, keys, config.origins, test_mode=config.test_mode),
        *rulebook_routes(shop, key),
        *audit_routes(shop, key),
        *alert_routes(shop, key),
        *correction_routes(shop, key),
        *inbound_routes(shop, inbox.receiver, key),
        *event_routes(events, key),
        *report_routes(shop, key),
        *pairing_routes(plugins, terms, hub.report_key_check),
        *operate_routes(shop, key, metrics=config.metrics),
        *widget_routes(widget_folder()),
    ]
    if config.test_mode:
        routes += clock_routes(shop, key)
    accounts = OperatorAccounts(keys.folder, shop.clock)
    names = config.server_key, config.name, config.public_url, next(iter(config.origins), None)
    console = console_routes(shop, accounts, *names, is_leaving=lambda: hub.shutting_down)
    return [*routes, *openapi_routes(routes), *console]


def _data_folder(config: Config) -> tuple[Path, Callable[[], None]]:
    """Return the shop's folder and a function that releases it.

    Without a configured folder it is a temporary one, which the function deletes.
    """
    if config.data is not None:
        config.data.mkdir(parents=True, exist_ok=True)
        return config.data, lambda: None
    temporary = tempfile.TemporaryDirectory(prefix="tactful-")
    return Path(temporary.name), temporary.cleanup


async def _sweep_drafts(folder: Path) -> None:
    """Delete the unfinished copies that killed commands left; a failure does not stop the server."""
    try:
        await asyncio.to_thread(draft_folder.sweep, folder)
    except OSError as error:
        log.warning("drafts.left", error=str(error))


def hold_out_seed(config: Config, keys: SigningKeys) -> str:
    """Return the secret that hold-outs and offer ids are derived from.

    In a test it is the configured seed, otherwise a secret derived from the shop's keys.
    """
    if config.seed is not None:
        return f"seed:{config.seed}"
    # The name is part of the derivation: another name would change every hold-out.
    return keys.holder_of("session", "dice")


UNLIMITED_ADDRESSES: Final = frozenset({"127.0.0.1", "::"})
"""`limit_key`s of loopback: a proxy that is not in `trusted_proxies` must not lock the shop out."""
UNLIMITED_BROWSING: Final = BrowsingLimits(2**50, 10**6, 2**50, 10**6)
"""The budget in test mode, where the clock stands still while a client replays a whole day."""
NO_RATE_LIMIT: Final = 10**9
"""The rate in test mode, where the clock stands still while a client replays a whole day."""


def _access_policy(config: Config, proxies: TrustedProxies | None = None) -> AccessPolicy:
    return AccessPolicy(
        origins=frozenset(config.origins),
        hosts=config.allowed_hosts,
        proxies=TrustedProxies() if proxies is None else proxies,  # empty ones are falsy
        limits=AdmissionLimits(
            connections=config.max_connections,
            per_address=config.max_connections_per_address,
            request_burst=config.max_connections_per_address,
            requests_per_s=max(1, config.max_connections_per_address // 4),
            memory_bytes=config.max_memory_mib * 2**20 if config.max_memory_mib else cgroup_limit(),
            unlimited=UNLIMITED_ADDRESSES,
            timing=_protocol_timing(config),
        ),
    )


def _protocol_timing(config: Config) -> ProtocolTiming:
    rates = {"per_second": NO_RATE_LIMIT, "burst": NO_RATE_LIMIT} if config.test_mode else {}
    return ProtocolTiming(heartbeat_ms=config.heartbeat_s * 1_000, **rates)
