"""A command uses a connector exactly as the server would."""

from pathlib import Path

import pytest

from tactful.cli.connect.configured import (
    configured,
    delivery_url,
    missing_settings,
    unreadable,
)
from tactful.cli.shared.errors import CommandError
from tactful.config import Config
from tactful.config.connector_settings import ConnectorSettings
from tactful.connectors.connector import Listing
from tactful.connectors.objects.remote_objects import FetchError

WOO = ConnectorSettings(kind="woocommerce", secret="hush", key="ck:cs", address="https://a.example")


def config(**connectors: ConnectorSettings) -> Config:
    return Config(rules=Path("rules"), connectors=connectors, public_url="https://t.example/")


def test_what_is_missing_is_named() -> None:
    installed = configured(config(shop=WOO), "shop")
    assert list(missing_settings(installed)) == [
        "Prices and stock have no territory. Set territory.",
        "Prices have no currency. Set currency.",
    ]
    medusa = ConnectorSettings(
        kind="medusa", secret="hush", key="sk_1:pk_2", address="https://a.example", territory="DE"
    )
    (problem,) = missing_settings(configured(config(shop=medusa), "shop"))
    assert problem.startswith("Prices have no region.")
    desk = ConnectorSettings(kind="roundup", secret="hush")
    assert list(missing_settings(configured(config(desk=desk), "desk"))) == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (0, "Check address, and whether this machine reaches it."),
        (200, "Check address: the API is not there."),
        (401, "Check key_file, and what the key may read."),
        (403, "Check key_file, and what the key may read."),
        (404, "Check address: the API is not there."),
        (429, "Try again later; the server does so by itself."),
        (503, "Try again later; the server does so by itself."),
    ],
)
def test_a_list_that_cannot_be_read_says_what_to_do(status: int, remedy: str) -> None:
    listing = Listing(name="orders", path="/orders", topic="order")
    for message in ("It failed", "It failed."):
        error = FetchError(message, later=True, status=status)
        found = unreadable(listing, error)
        assert found == f"The list orders cannot be read: It failed. {remedy}"


def test_the_address_of_deliveries_leaves_a_secret_to_the_reader() -> None:
    desk = ConnectorSettings(kind="roundup", secret="hush")
    both = config(shop=WOO, desk=desk)
    urls = [delivery_url(both, configured(both, name)) for name in ("shop", "desk")]
    assert urls == ["https://t.example/v1/in/shop", "https://t.example/v1/in/desk/YOUR-SECRET"]


def test_a_connector_that_cannot_be_used_is_an_error() -> None:
    odd = ConnectorSettings(kind="odd", secret="hush")
    for name, text in (("shop", "There is no kind 'odd'"), ("other", "names? no connector")):
        with pytest.raises(CommandError, match=text):
            configured(config(shop=odd), name)
