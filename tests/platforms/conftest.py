"""Real shops; `make platforms` alone collects them, because they need an environment of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browsers import chromium
from support.oscar_shop import OscarShop, oscar_shop
from support.vendure_shop import VendureShop, vendure_shop
from support.woo_shop import WooShop, woo_shop

if os.environ.get("TACTFUL_PLATFORMS") != "1":
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OscarShop]:
    """One django-oscar shop for all tests; each test has its own browser profile and its own orders."""
    folder: Path = tmp_path_factory.mktemp("oscar")
    with oscar_shop(folder) as one:
        yield one


@pytest.fixture(scope="session")
def woo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WooShop]:
    """One WooCommerce shop for all tests; each test has its own browser profile and its own orders."""
    given = os.environ.get("WORDPRESS", "")
    if not given:
        pytest.skip("no WordPress is given: make platforms WORDPRESS=PATH, with WooCommerce in it")
    wordpress = Path(given)
    for file in ("wp-load.php", "wp-content/plugins/woocommerce/woocommerce.php"):
        assert (wordpress / file).is_file(), f"{wordpress} lacks {file}"
    with woo_shop(tmp_path_factory.mktemp("woo"), wordpress) as one:
        yield one


@pytest.fixture(scope="session")
def vendure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendureShop]:
    """One Vendure shop for all tests; each test has its own browser profile and its own orders."""
    folder: Path = tmp_path_factory.mktemp("vendure")
    with vendure_shop(folder) as one:
        yield one


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with chromium() as one:
        yield one
