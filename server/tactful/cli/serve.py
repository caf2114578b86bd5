"""The command `tactful serve`, which runs the server until a signal stops it."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tactful import __version__
from tactful.cli.shared.errors import CommandError, NegativeAnswerError, exit_on
from tactful.cli.shared.options import load_settings, setting_options
from tactful.cli.shared.output import print_text, print_warning
from tactful.config import Config
from tactful.config.settings import SETTINGS
from tactful.core.values.counts import counted

if TYPE_CHECKING:
    from tactful.transports.server.listener import Listener

T = TypeVar("T")

_EXAMPLE = """
\b
Example:
  TACTFUL_SERVER_KEY=... tactful serve --data shop-data --rules rules \\
    --origins https://shop.example

A setting comes from the command line, else from TACTFUL_* in the environment, else from a TOML file.
`tactful config show` lists all settings. Secrets come from the environment or the file only.
"""


@click.command(epilog=_EXAMPLE, context_settings={"max_content_width": 100})
@setting_options(*(setting.name for setting in SETTINGS if not setting.secret))
def serve(**options: Any) -> None:
    """Run the server: sessions, facts, redemptions and the widget on one port."""
    loaded = load_settings(options, serving=True)
    from tactful.cli.shared.logging_setup import LogHandler
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.runtime.security.key_files import KeyFileError
    from tactful.runtime.system_clock import ClockError
    from tactful.serving import serve as listen  # the whole server, for this command only
    from tactful.transports.server.listener import ListenError

    logs = LogHandler(loaded.config.log_level)

    def started(listener: "Listener") -> None:
        logs.serving = True
        print_greeting(loaded.config, listener)

    for warning in loaded.warnings:
        print_warning(warning)
    with exit_on(ClockError, LedgerError, KeyFileError):
        try:
            lost = run_on_loop(listen(loaded.config, started=started))
        except ListenError as error:
            raise CommandError(logs.startup_error or str(error)) from error
    if lost:
        raise NegativeAnswerError(
            f"{loaded.config.data}: The server stopped, and {counted(lost, 'record')} of browsing could not be"
            " written. Promises and redemptions are complete. Make room on the disk before the next"
            " start."
        )


def run_on_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on uvloop where it is installed, and return its result."""
    try:
        import uvloop  # absent on some platforms
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def print_greeting(config: Config, listener: "Listener") -> None:
    """Print the server's address, folders and origins on standard error."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    url = config.public_url or f"http://{host}:{listener.port}"
    print_text(f"Tactful {__version__} serves {config.name} at {url}", err=True)
    print_text(f"  data    {config.data or 'in memory'}", err=True)
    if config.ledger:
        print_text(f"  ledger  {config.ledger}", err=True)
    print_text(f"  rules   {config.rules or 'none'}", err=True)
    print_text(f"  pages   {', '.join(config.origins) or 'none'}", err=True)
    if config.test_mode:
        print_text("  clock   stands still; move it with POST /v1/test/clock", err=True)
    print_text("Press Ctrl-C to stop.", err=True)
