"""A Vendure shop with the plugin on a database in a file, and a Tactful server beside it."""

import contextlib
import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.manual_runner import ROOT
from support.node import node
from support.oscar_shop import PATIENCE_S, Tactful, until
from support.ports import free_port

SOURCES = ROOT / "tests" / "platforms" / "vendure_shop"
MANUAL = ROOT / "server" / "bridges" / "vendure" / "README.md"
PLACE = ROOT / ".vendure-platform"
START_S = 240
"""Seconds until a loaded machine with two cores has started Vendure."""
OLDEST_NODE = (20, 19)
PRICES = {"RUN-42": 12900, "RUN-43": 12900, "SOCK-1": 1990}


def require_vendure() -> None:
    """Skip, or fail where TACTFUL_REQUIRE=1 says so, without Node and the installed packages."""
    version = subprocess.run(
        [node(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    is_new = tuple(int(part) for part in version.strip("v\n").split(".")[:2]) >= OLDEST_NODE
    if is_new and (PLACE / "node_modules" / "@tactful" / "vendure-plugin").is_dir():
        return
    line = (
        f"{PLACE.name} is not there: run make platforms, with npm"
        if is_new
        else f"Vendure's plugin needs Node 20.19, and this is {version.strip()}"
    )
    if os.environ.get("TACTFUL_REQUIRE") == "1":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def manual_rules() -> str:
    """The rule file of the manual."""
    (text,) = re.findall(
        r"^```yaml\n(.*?)^```$", MANUAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return textwrap.dedent(text)


@dataclass
class VendureShop:
    """A running shop."""

    folder: Path
    port: int
    tactful: Tactful
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The address of the shop, which is an origin of the server."""
        return f"http://127.0.0.1:{self.port}"

    def pair(self) -> None:
        """Pair the shop with its server, as its staff does; the settings are in a file."""
        settings = self.folder / ".env"
        command = PLACE / "node_modules" / "@tactful" / "checkout" / "src" / "pair_command.js"
        code = self.tactful.pairing_code("vendure")
        subprocess.run(
            [node(), command, code, "--shop", self.url, "--env", settings],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        lines = settings.read_text("utf-8").splitlines()
        self.environment = {**self.environment, **dict(line.split("=", 1) for line in lines)}

    def start(self) -> None:
        """Start the shop, and log its administrator in."""
        with (self.folder / "shop.log").open("ab") as log:
            self.process = subprocess.Popen(
                [node(), "serve.js"], cwd=PLACE, env=self.environment, stdout=log, stderr=log
            )
        until(self._is_ready, START_S)
        login = 'mutation { login(username: "superadmin", password: "superadmin") { __typename } }'
        answer = httpx.post(f"{self.url}/admin-api", json={"query": login}, timeout=60)
        self.token = answer.headers["vendure-auth-token"]

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "shop.log").read_text()
        try:
            return bool(httpx.get(f"{self.url}/control/ready", timeout=20).json()["ready"])
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End the shop's process, however it is doing."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            self.process = None

    def wait_for_its_end(self) -> None:
        """Wait until the shop has ended by itself."""
        assert self.process is not None
        self.process.wait(PATIENCE_S)
        self.process = None

    def control(self, name: str) -> Any:
        """What a control of the tests answers."""
        answer = httpx.get(f"{self.url}/control/{name}", timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    def sweep(self) -> None:
        """Send what waits in the outbox, also what is to be repeated later."""
        until(lambda: self.control("sweep")["delivery"]["waiting"] == 0)

    def admin(self, query: str, **variables: object) -> Any:
        """The data of an operation of the admin API."""
        answer = httpx.post(
            f"{self.url}/admin-api",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        ).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def variant(self, sku: str) -> str:
        """The id of a variant."""
        items = self.admin("{ productVariants { items { id sku } } }")["productVariants"]["items"]
        (found,) = [item["id"] for item in items if item["sku"] == sku]
        return str(found)

    def change_variant(self, sku: str, **changes: object) -> None:
        """Change a variant as the shop's staff does."""
        self.admin(
            "mutation($i: [UpdateProductVariantInput!]!) { updateProductVariants(input: $i) { id } }",
            i=[{"id": self.variant(sku), **changes}],
        )

    def set_price(self, sku: str, amount: int) -> None:
        """Set the price with tax of a variant, in cents."""
        self.change_variant(sku, prices=[{"currencyCode": "EUR", "price": amount}])

    def order(self, code: str) -> Any:
        """An order with its lines and payments."""
        found = self.admin(
            """query($c: String!) { orders(options: { filter: { code: { eq: $c } } }) { items {
              id state totalWithTax subTotalWithTax payments { id } lines { id quantity } } } }""",
            c=code,
        )
        (order,) = found["orders"]["items"]
        return order

    def refund(self, code: str, **what: object) -> None:
        """Refund an order, and settle the refund."""
        done = self.admin(
            """mutation($i: RefundOrderInput!) { refundOrder(input: $i) { __typename
              ... on Refund { id state } ... on ErrorResult { message } } }""",
            i={
                "paymentId": self.order(code)["payments"][0]["id"],
                "reason": "defect",
                "lines": [],
                "shipping": 0,
                "adjustment": 0,
                **what,
            },
        )["refundOrder"]
        assert done.get("state") == "Pending", done
        self.admin(
            """mutation($i: SettleRefundInput!) { settleRefund(input: $i) { __typename } }""",
            i={"id": done["id"], "transactionId": f"of-{code}"},
        )

    def start_promotion(self, action: str, arguments: list[dict[str, str]]) -> str:
        """Start a promotion for every order of 1.00 and more; its id."""
        made = self.admin(
            """mutation($i: CreatePromotionInput!) { createPromotion(input: $i) { __typename
              ... on Promotion { id } ... on ErrorResult { message } } }""",
            i={
                "enabled": True,
                "translations": [{"languageCode": "en", "name": "Half"}],
                "conditions": [
                    {
                        "code": "minimum_order_amount",
                        "arguments": [
                            {"name": "amount", "value": "100"},
                            {"name": "taxInclusive", "value": "true"},
                        ],
                    }
                ],
                "actions": [{"code": action, "arguments": arguments}],
            },
        )["createPromotion"]
        return str(made["id"])

    def end_promotion(self, promotion: str) -> None:
        """End a promotion."""
        self.admin("mutation($i: ID!) { deletePromotion(id: $i) { result } }", i=promotion)

    def known_price(self, sku: str = "RUN-42") -> int:
        """The price that Tactful knows, in cents; 0: none."""
        found = self.tactful.ask("GET", f"/v1/prices/{sku}?territory=DE")
        if "prices" not in found:
            return 0
        own = [row for row in found["prices"] if not row.get("general_offer")]
        return int(own[-1]["price"]["amount"]) if own else 0


def populate(folder: Path, environment: Mapping[str, str]) -> None:
    """Make the shop's tables and items."""
    for path in SOURCES.iterdir():
        if path.suffix in {".js", ".html"}:
            shutil.copy(path, PLACE / path.name)
    done = subprocess.run(
        [node(), "populate.js"], cwd=PLACE, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "shop.sqlite").is_file()


@contextlib.contextmanager
def vendure_shop(folder: Path) -> Iterator[VendureShop]:
    """Make and run a shop with a Tactful server; both end with the context."""
    require_vendure()
    tactful = Tactful(folder / "tactful", manual_rules(), "EUR")
    tactful.folder.mkdir()
    port = free_port()
    environment = {
        **os.environ,
        "SHOP_FOLDER": str(folder),
        "SHOP_PORT": str(port),
        "VENDURE_DISABLE_TELEMETRY": "true",
    }
    shop = VendureShop(folder, port, tactful, environment)
    try:
        populate(folder, environment)
        tactful.start(shop.url)
        shop.pair()
        shop.start()
        shop.admin(
            """mutation { updateChannel(input: { id: "1", pricesIncludeTax: true,
              defaultCurrencyCode: EUR, availableCurrencyCodes: [EUR] }) { __typename } }"""
        )
        for sku, amount in PRICES.items():
            shop.set_price(sku, amount)
        shop.control("backfill")
        shop.sweep()
        until(lambda: shop.known_price() == PRICES["RUN-42"])
        yield shop
    finally:
        shop.stop()
        tactful.stop()
