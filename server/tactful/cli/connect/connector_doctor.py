"""The command `tactful connect doctor`: what is wrong with connectors, and what to do."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import click
from click.exceptions import Exit

from tactful.cli.connect.configured import (
    configured,
    delivery_url,
    missing_settings,
    unreadable,
)
from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import print_text
from tactful.config import Config
from tactful.connectors.egress_client import is_public
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.remote_objects import FetchError
from tactful.connectors.reconcile.list_reader import first_url, rows_of
from tactful.core.values.counts import counted

WOOCOMMERCE_PORTS = frozenset({80, 443, 8080})
"""The ports to which WordPress sends (`wp_safe_remote_request`)."""
LATE_S = 60
"""Seconds from arrival to facts that are more than a busy moment."""


@click.command(epilog="\b\nExamples:\n  tactful connect doctor\n  tactful connect doctor shop")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@url_option
@setting_options()
def doctor(*, names: tuple[str, ...], url: str | None, **options: Any) -> None:
    """Say what is wrong with connectors, and what to do.

    Exit code 0: nothing is wrong. 1: something is.
    """
    config = load_config(options)
    if not config.connectors:
        raise CommandError("The settings name no connector. Write a table [connectors.NAME].")
    statuses: dict[str, dict[str, Any]] = {}
    problems = 0
    try:
        with ServerClient(config, url) as server:
            statuses = {one["name"]: one for one in server.get("/v1/connectors")["connectors"]}
    except CommandError as error:
        print_text(str(error))
        problems += 1
    for name in names or sorted(config.connectors):
        installed = configured(config, name)
        found = [*settings_findings(config, installed), *reading_findings(installed)]
        if statuses:
            found += status_findings(name, statuses.get(name))
        problems += len(found)
        for text in found or ["Nothing is wrong."]:
            print_text(f"{name}: {text}")
    if problems:
        raise Exit(EXIT_NEGATIVE)


def settings_findings(config: Config, installed: InstalledConnector) -> Iterator[str]:
    """Yield what the settings lack, and why deliveries cannot arrive."""
    yield from missing_settings(installed)
    parts = urlsplit(delivery_url(config, installed))
    if installed.connector.name != "woocommerce":
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port not in WOOCOMMERCE_PORTS:
        yield (
            f"WooCommerce sends to the ports 80, 443 and 8080 only, not to {port}."
            " Put a proxy before the server, and set public_url."
        )
    if _is_private(parts.hostname or ""):
        yield (
            f"WooCommerce sends to no private address such as {parts.hostname}."
            " Set public_url to the address under which the shop reaches this server."
        )


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return False


def reading_findings(installed: InstalledConnector) -> Iterator[str]:
    """Yield which lists cannot be read."""
    remote = installed.remote
    if remote is None:
        return
    for listing in installed.connector.lists_for(installed.terms):
        try:
            rows_of(listing, remote.page(first_url(listing, installed.terms)))
        except FetchError as error:
            yield unreadable(listing, error)


def status_findings(name: str, status: dict[str, Any] | None) -> Iterator[str]:
    """Yield what the running server says about a connector, or that it does not know it."""
    if status is None:
        yield f"The server does not know it. Restart the server with the table [connectors.{name}]."
        return
    if status["receipts"].get("forged"):
        yield (
            f"{counted(status['receipts']['forged'], 'delivery', 'deliveries')} had a wrong signature. Compare the secret"
            " with that of the sender, and both clocks."
        )
    if status["last_arrival"] is None:
        yield (
            "No delivery has arrived since the server's start. Send a test from the other system,"
            " and see whether its log names an error."
        )
    if status["failed"]:
        latest = status["problems"][0]["problem"] if status["problems"] else ""
        yield (
            f"{counted(status['failed'], 'delivery', 'deliveries')} could not be mapped; the latest: {latest} Correct the"
            f" cause, then POST /v1/connectors/{name}/retry."
        )
    if status["fetch_problem"]:
        yield f"The other system cannot be read: {status['fetch_problem']}"
    if (status["lag_ms"] or 0) > LATE_S * 1000:
        yield f"The latest delivery waited {status['lag_ms'] // 1000} s. Look at the server's load."
    if status["missing"]:
        yield (
            f"{counted(status['missing'], 'item is', 'items are')} no longer listed. Look whether the other"
            f" system lists everything. If it does, run `tactful connect reconcile {name} --accept-missing`."
        )
    if status["activated"]:
        yield (
            f"{counted(status['activated'], 'subscription')} had been switched off, and now deliver again. Look"
            " in the log of the other system why deliveries failed."
        )
    if drift := sum(status["drift"].values()):
        kinds = ", ".join(f"{number} {kind}" for kind, number in status["drift"].items())
        yield f"{counted(drift, 'fact')} came without a delivery ({kinds}). See whether all topics are subscribed."
