"""The conformance kit against the library for JavaScript, and the examples on it."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.driven_shop import ITEM
from support.manual_runner import ROOT
from support.node import node
from tactful.bridge_check.check_run import SERVER_KEY, run_with
from tactful.bridge_check.checks import CHECKS
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer
from tactful.bridge_check.probe import Probe
from tactful.bridge_check.shop_driver import ShopDriver

LIBRARY = ROOT / "server" / "bridges" / "checkout-js"
SUPPORT = ROOT / "tests" / "support"
DRIVER_SERVER = LIBRARY / "test" / "support" / "driver_server.cjs"
SHOPS = {
    "library": (LIBRARY / "test" / "support" / "driven_shop.js",),
    "medusa": (
        SUPPORT / "driven_medusa.cjs",
        DRIVER_SERVER,
        SUPPORT / "example_verbs.cjs",
        ROOT / "examples" / "medusa" / "tactful.js",
    ),
    "saleor": (
        SUPPORT / "driven_saleor.mjs",
        DRIVER_SERVER,
        SUPPORT / "example_verbs.cjs",
        ROOT / "examples" / "saleor" / "tactful.mjs",
    ),
}
"""The program of a shop, and the files that it needs beside it."""


@contextmanager
def shop_in_javascript(name: str, url: str, folder: Path) -> Iterator[str]:
    """A shop whose driver is a program in JavaScript; the address of the driver."""
    program, *others = SHOPS[name]
    if others:
        (folder / "node_modules" / "@tactful").mkdir(parents=True)
        (folder / "node_modules" / "@tactful" / "checkout").symlink_to(LIBRARY)
        for file in SHOPS[name]:
            shutil.copy(file, folder)
        program = folder / program.name
    with subprocess.Popen(
        [node(), str(program), url, SERVER_KEY], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def probing_in_javascript(name: str, folder: Path) -> Iterator[Probe]:
    """The parts of a run against a shop in JavaScript."""
    with (
        OfferServer(ITEM, SERVER_KEY) as server,
        FaultProxy(0, server.port) as proxy,
        shop_in_javascript(name, proxy.url, folder) as url,
    ):
        shop = ShopDriver(url)
        yield Probe(shop.about(), shop, server, proxy, patience=0)


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_in_javascript_passes_every_check(name: str, tmp_path: Path) -> None:
    with probing_in_javascript(name, tmp_path) as probe:
        results = run_with(probe)
    assert {one.name: one.outcome for one in results} == {
        check.name: "passed" for check in CHECKS
    }, [one for one in results if one.outcome != "passed"]


def test_an_override_in_saleor_makes_up_for_a_promotion_that_runs(tmp_path: Path) -> None:
    with probing_in_javascript("saleor", tmp_path) as probe:
        promise = probe.server.promise()
        probe.shop.promotion(10)
        cart = probe.cart_with(promise)
        assert probe.shop.total(cart) == promise.unit
        probe.redeemed_once(promise, probe.paid(cart, promise))


def test_a_promise_that_no_override_gives_exactly_does_not_enter_the_checkout(
    tmp_path: Path,
) -> None:
    with probing_in_javascript("saleor", tmp_path) as probe:
        promise = probe.server.promise()
        probe.shop.promotion(-1_000)  # a surcharge: no price in whole cents gives the promise
        cart = probe.cart()
        assert probe.shop.put(cart, promise, 1) == "offer.price"
        assert probe.shop.total(cart) == 0
