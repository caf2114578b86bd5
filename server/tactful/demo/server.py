"""Server of the demo: one process on one port, with a temporary data folder."""

import asyncio
import secrets
import shutil
import signal
import socket
import tempfile
import webbrowser
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self

import click
from msgspec import structs

from tactful.app import build
from tactful.config import Config
from tactful.config.values import is_loopback
from tactful.demo import seed_facts
from tactful.demo.backend import ShopBackend
from tactful.demo.checkout import checkout_routes
from tactful.demo.clock import DriftClock
from tactful.demo.demo_shop import RULES, DemoShop
from tactful.demo.panel import Panel, panel_routes
from tactful.demo.storefront import StorefrontPages, storefront_routes
from tactful.demo.story import story_routes
from tactful.demo.visitors import Visitors
from tactful.runtime.system_clock import SystemClock
from tactful.transports.server.listener import ListenAddress, Listener, ListenError

PORTS_TRIED: Final = 20
"""Number of ports that are tried, starting at the requested one."""


def run(host: str = "127.0.0.1", port: int = 8000, *, open_browser: bool = False) -> int:
    """Run the demo until it is interrupted.

    Args:
        host: A loopback address.
        port: First port to try; 0: any free port.
        open_browser: Whether to open the demo in a browser.

    Returns:
        The exit code.

    Raises:
        ListenError: The address is not a loopback address, or no port is free.
    """
    if not is_loopback(host):
        raise ListenError(
            f"The demo shows its server key to everybody, so it does not listen on {host}. "
            "Use --host 127.0.0.1."
        )
    return asyncio.run(_until_stopped(host, port, open_browser=open_browser))


async def _until_stopped(host: str, port: int, *, open_browser: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with DemoServer(host, port) as demo:
        _print_greeting(demo, port)
        if open_browser:
            await asyncio.to_thread(webbrowser.open, demo.url)
        await demo.run_until(stop)
    click.echo("The demo has ended. Its files are deleted.", err=True)
    return 0


def _print_greeting(demo: "DemoServer", wanted: int) -> None:
    if wanted not in {0, demo.port}:
        click.echo(f"Port {wanted} is in use, so the demo uses {demo.port}.", err=True)
    click.echo(f"The demo shop is open at {demo.url}", err=True)
    click.echo(f"  console  {demo.url}console, with the key {demo.demo_shop.server_key}", err=True)
    click.echo(f"  rules    {demo.demo_shop.rules}, edit them while it runs", err=True)
    click.echo("Press Ctrl-C to stop.", err=True)


class DemoServer:
    """A running demo, as an async context manager; a reset replaces it by a new one."""

    def __init__(self, host: str = "127.0.0.1", port: int = 8000) -> None:
        self.host = host
        self.port = port
        self.demo_shop: DemoShop
        self.server_key = f"demo-{secrets.token_hex(8)}"
        """The key of the console, which a reset does not change."""
        self._running = AsyncExitStack()
        self._reset = asyncio.Event()

    @property
    def url(self) -> str:
        """URL of the demo."""
        return f"http://{self.host}:{self.port}/"

    async def __aenter__(self) -> Self:
        self.port = _free_port(self.host, self.port)
        await self._restart()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._running.aclose()

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, and start a new demo whenever the panel requests a reset."""
        while not stop.is_set():
            waiting = {asyncio.ensure_future(one.wait()) for one in (stop, self._reset)}
            _, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in late:
                one.cancel()
            if self._reset.is_set():
                self._reset.clear()
                await self._running.aclose()
                await self._restart()

    async def _restart(self) -> None:
        async with AsyncExitStack() as running:
            folder = Path(
                running.enter_context(tempfile.TemporaryDirectory(prefix="tactful-demo-"))
            )
            await self._start(folder, running)
            self._running = running.pop_all()

    async def _start(self, folder: Path, running: AsyncExitStack) -> None:
        rules = folder / "rules"
        shutil.copytree(RULES, rules)
        config = _config(self.host, self.port, folder, rules, self.server_key)
        clock = DriftClock(SystemClock())
        parts = build(config, clock=clock)
        backend = ShopBackend(
            port=self.port,
            server_key=config.server_key or "",
            identity_secret=config.identity_secret or "",
            clock=clock,
        )
        self.demo_shop = DemoShop(
            id=secrets.token_hex(8),
            shop=parts.shop,
            clock=clock,
            backend=backend,
            visitors=Visitors(),
            rules=rules,
            server_key=config.server_key or "",
        )
        storefront = StorefrontPages(self.demo_shop)
        parts.app.router.routes[:0] = [
            *story_routes(self.demo_shop),
            *panel_routes(Panel(self.demo_shop, self._reset.set)),
            *checkout_routes(storefront),
            *storefront_routes(storefront),
        ]
        listener = Listener(parts.app, parts.hub, ListenAddress(host=self.host, port=self.port))
        await listener.start()
        running.push_async_callback(listener.close)
        await _report(backend, seed_facts.seed_facts(clock.now()))


async def _report(backend: ShopBackend, facts: seed_facts.Facts) -> None:
    reply = await backend.report_facts(facts)
    if not reply.ok or reply.body["rejected"]:
        raise ValueError(f"The demo's own facts were rejected: {reply.body}")


def _config(host: str, port: int, folder: Path, rules: Path, server_key: str) -> Config:
    names = {host, "127.0.0.1", "localhost"}
    return structs.replace(
        Config(),
        data=folder / "data",
        rules=rules,
        host=host,
        port=port,
        origins=tuple(f"http://{name}:{port}" for name in sorted(names)),
        server_key=server_key,
        identity_secret=secrets.token_hex(32),
        name="Kittiwake",
        default_territory=seed_facts.TERRITORY,
    )


def _free_port(host: str, wanted: int) -> int:
    """Return the first free port from the requested one on."""
    candidates = [0] if wanted == 0 else range(wanted, min(wanted + PORTS_TRIED, 65_536))
    for port in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ListenError(
        f"Ports {wanted} to {wanted + PORTS_TRIED - 1} are in use. Choose another with --port."
    )
