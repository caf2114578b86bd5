"""Runs the shops of `examples/checkout`, and the commands of its page on curl."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.node import node

CHECKOUT = Path(__file__).parents[2] / "examples" / "checkout"


class ExampleShop:
    """A running example; each test has its own order ids."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url).netloc
        self.tests = 0

    def name(self, order: str) -> str:
        return f"t{self.tests}-{order}"

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        connection = HTTPConnection(self.address, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def order(
        self,
        *tokens: str,
        order: str = "o1",
        sku: str = "RUN-42",
        qty: int = 1,
        territory: str = "DE",
        more: Iterable[dict[str, Any]] = (),
        shipping: int | None = None,
    ) -> tuple[int, Any]:
        lines = [{"sku": sku, "qty": qty}, *more]
        asked = {"order": self.name(order), "territory": territory, "lines": lines}
        charge = {"shipping": {"amount": shipping, "currency": "EUR"}} if shipping else {}
        return self.post("/orders", asked | charge | ({"tokens": [*tokens]} if tokens else {}))

    def cancel(self, order: str = "o1") -> tuple[int, Any]:
        return self.post(f"/orders/{self.name(order)}/cancel", {})

    def refund(
        self, refund: str, lines: list[dict[str, Any]], order: str = "o1"
    ) -> tuple[int, Any]:
        return self.post(f"/orders/{self.name(order)}/refunds", {"refund": refund, "lines": lines})


COMMANDS = {
    "python": lambda: [sys.executable, "-W", "error", str(CHECKOUT / "python" / "shop.py")],
    "js": lambda: [node(), str(CHECKOUT / "js" / "shop.mjs")],
}


@contextmanager
def running(language: str, url: str, key: str) -> Iterator[ExampleShop]:
    """Run an example that uses Tactful at `url`."""
    command = COMMANDS[language]()
    settings = {"TACTFUL_URL": url, "TACTFUL_SERVER_KEY": key, "PORT": "0"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | settings
    ) as process:
        try:
            assert process.stdout is not None
            yield ExampleShop(process.stdout.readline().removeprefix("shop on ").strip())
        finally:
            process.terminate()


def run_the_curl_page(url: str, key: str, token: str) -> str:
    """Run the commands of the page in order, and return what they print."""
    if shutil.which("curl") is None:
        if os.environ.get("TACTFUL_REQUIRE") == "1":
            pytest.fail("curl is required here, and it is not installed")
        pytest.skip("curl is not installed")
    page = (CHECKOUT / "curl.md").read_text("utf-8")
    settings, *commands = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert settings.startswith("export TACTFUL_URL=")
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(commands)],
        env=os.environ | {"TACTFUL_URL": url, "TACTFUL_SERVER_KEY": key, "TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
