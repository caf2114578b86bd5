"""A connector as the settings describe it, for commands that look at it without a server."""

from collections.abc import Iterator

from tactful.app import connector_for
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.config import Config, ConfigError
from tactful.connectors.connector import Listing
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.remote_objects import FetchError


def configured(config: Config, name: str) -> InstalledConnector:
    """Return a connector of the settings.

    Raises:
        CommandError: The settings do not name it, or it cannot be used.
    """
    settings = config.connectors.get(name)
    if settings is None:
        known = ", ".join(sorted(config.connectors)) or "none"
        raise CommandError(
            f"The settings name no connector {name!r}; they name {known}."
            f" Write a table [connectors.{name}], as server/howto/connect-a-shop.md shows."
        )
    with exit_on(ConfigError):
        return connector_for(name, settings, config)


def delivery_url(config: Config, installed: InstalledConnector) -> str:
    """Return the URL to which the other system sends its deliveries."""
    secret = "/YOUR-SECRET" if installed.connector.signature == "secret-path" else ""
    return f"{config.own_url.rstrip('/')}/v1/in/{installed.name}{secret}"


def missing_settings(installed: InstalledConnector) -> Iterator[str]:
    """Yield what the settings of a shop's connector lack, each with what to do.

    A help desk needs nothing more: it sends tickets, which have no prices.
    """
    if not any(one.gone for one in installed.connector.lists):
        return
    if installed.remote is None:
        yield "Nothing can be read. Set address and key_file."
    if installed.terms.territory is None:
        yield "Prices and stock have no territory. Set territory."
    if installed.connector.region_lists is not None:
        if not installed.terms.regions:
            yield "Prices have no region. Set regions: the id of each region, and its territory."
    elif installed.terms.currency is None:
        yield "Prices have no currency. Set currency."


def unreadable(listing: Listing, error: FetchError) -> str:
    """Return that a list cannot be read, why, and what to do."""
    match error.status:
        case 0:
            remedy = "Check address, and whether this machine reaches it."
        case 401 | 403:
            remedy = "Check key_file, and what the key may read."
        case status if status >= 500 or status == 429:
            remedy = "Try again later; the server does so by itself."
        case _:
            remedy = "Check address: the API is not there."
    problem = f"The list {listing.name} cannot be read: {str(error).rstrip('.')}."
    return f"{problem} {remedy}"
