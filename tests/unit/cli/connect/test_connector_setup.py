"""`tactful connect NAME` shows what would be read, and follows the first reading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.cli_runner import run, run_beside, write_file
from support.fake_shop import Answer, served
from support.fake_woocommerce import FakeWoocommerce
from support.live_server import NOON, live_server
from tactful.config.connector_settings import ConnectorSettings

SETTINGS = """
public_url = "https://tactful.example"
[connectors.shop]
kind = "woocommerce"
secret_file = "secret.txt"
key_file = "key.txt"
address = "{address}"
territory = "DE"
currency = "EUR"
tax_rate = "19%"
[connectors.desk]
kind = "roundup"
secret_file = "secret.txt"
"""


class Woo:
    """A served shop, and settings that name it."""

    def __init__(self, folder: Path, address: str, shop: FakeWoocommerce) -> None:
        self.shop = shop
        write_file(folder / "secret.txt", "hush")
        write_file(folder / "key.txt", "ck:cs")
        self.settings = write_file(folder / "tactful.toml", SETTINGS.format(address=address))
        self.table = ConnectorSettings(
            kind="woocommerce", secret="hush", key="ck:cs", address=address, territory="DE",
            currency="EUR", tax_rate_bp=1900,
        )  # fmt: skip


@pytest.fixture
def woo(tmp_path: Path) -> Iterator[Woo]:
    """A shop with some products, one of them without an SKU."""
    shop = FakeWoocommerce(NOON - 60)
    shop.page_size = 100
    for number in range(4):
        shop.add_product(1_000 + number, number)
    shop.products[104]["sku"] = ""
    with served(shop) as address:
        yield Woo(tmp_path, address, shop)


def test_a_dry_run_shows_numbers_an_example_and_what_is_left_out(woo: Woo) -> None:
    result = run("connect", "shop", "--dry-run", "--config", woo.settings)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "Deliveries go to https://tactful.example/v1/in/shop."
    kinds = "3 product, 3 price, 3 stock"
    assert lines[1] == "Each delivery is signed with the secret of the settings."
    assert lines[2] == f"products: the first 20 objects of 4 at most give {kinds}."
    assert '"sku":"W-101"' in lines[3]
    assert lines[4] == "  1 ×: A product has no SKU. Give it one, or set sku_from_id."
    assert "orders: the first 20 objects of 0 at most give no facts." in lines


def test_a_kind_without_lists_says_that_facts_come_with_deliveries(woo: Woo) -> None:
    result = run("connect", "desk", "--dry-run", "--config", woo.settings)
    assert (result.exit_code, "facts come with deliveries" in result.output) == (0, True)
    assert "/v1/in/desk/YOUR-SECRET." in result.output
    assert "in place of YOUR-SECRET." in result.output


async def test_a_help_desk_is_told_to_send_and_then_how_much_it_sent(
    woo: Woo, tmp_path: Path
) -> None:
    desk = ConnectorSettings(kind="roundup", secret="hush")
    async with live_server(tmp_path, connectors={"desk": desk}) as one:
        before = await run_beside(one, "connect", "desk", "--config", woo.settings)
        assert "Send a delivery from the other system" in before.output
        await one.http.post("/v1/in/desk/hush", json={"id": "7"})
        after = await run_beside(one, "connect", "desk", "--config", woo.settings)
        assert "The server runs with it: 1 delivery, " in after.output


def test_a_refused_key_is_an_error_with_what_to_do(woo: Woo) -> None:
    woo.shop.answers = [Answer(401, {})]
    result = run("connect", "shop", "--dry-run", "--config", woo.settings)
    assert result.exit_code == 2
    assert "The list products cannot be read: The system answered 401." in result.output


def test_an_unknown_name_is_an_error_that_names_the_known_ones(woo: Woo) -> None:
    result = run("connect", "shp", "--config", woo.settings)
    assert (result.exit_code, "they name desk, shop." in result.output) == (2, True)


def test_an_object_that_cannot_be_mapped_is_shown(woo: Woo) -> None:
    del woo.shop.products[102]["status"]
    result = run("connect", "setup", "shop", "--dry-run", "--config", woo.settings)
    assert "1 ×: An object cannot be mapped: KeyError." in result.output


def test_settings_that_lack_something_are_named(woo: Woo, tmp_path: Path) -> None:
    bare = '[connectors.shop]\nkind = "shopify"\nsecret_file = "secret.txt"\n'
    settings = write_file(tmp_path / "bare.toml", bare)
    output = run("connect", "shop", "--dry-run", "--config", settings).output
    for text in ("Set address and key_file.", "Set territory.", "Set currency."):
        assert text in output


async def test_the_first_reading_is_followed_to_its_end(woo: Woo, tmp_path: Path) -> None:
    async with live_server(tmp_path, connectors={"shop": woo.table}) as one:
        done = await run_beside(one, "connect", "shop", "--config", woo.settings)
        assert done.exit_code == 0, done.output
        assert "products: 4 read." in done.output
        assert done.output.splitlines()[-1] == "reviews: 0 read."


async def test_a_server_without_the_connector_has_to_be_restarted(woo: Woo, tmp_path: Path) -> None:
    other = structs.replace(woo.table, reconcile=False)
    async with live_server(tmp_path, connectors={"other": other}) as one:
        done = await run_beside(one, "connect", "shop", "--config", woo.settings)
    assert (done.exit_code, "Restart it with these settings." in done.output) == (2, True)


async def test_a_reading_that_fails_is_told(woo: Woo, tmp_path: Path) -> None:
    right = woo.shop.answer

    def orders_fail(method: str, path: str, query: Any, body: Any) -> Answer:
        # Only a first reading is bounded; the preview is not.
        return Answer(500, {}) if "after" in query else right(method, path, query, body)

    woo.shop.answer = orders_fail  # type: ignore[method-assign]
    async with live_server(tmp_path, connectors={"shop": woo.table}) as one:
        done = await run_beside(one, "connect", "shop", "--config", woo.settings)
    assert (done.exit_code, "500" in done.output) == (2, True)
