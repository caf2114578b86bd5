"""The shops of `examples/checkout`, running, and its page of curl."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.node import node

CHECKOUT = Path(__file__).parents[2] / "examples" / "checkout"


class Shop:
    """One of the examples, running; each test has order ids of its own."""

    def __init__(self, url):
        self.at = urlsplit(url).netloc
        self.tests = 0

    def name(self, order):
        return f"t{self.tests}-{order}"

    def post(self, path, body):
        connection = HTTPConnection(self.at, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def order(
        self, *tokens, order="o1", sku="RUN-42", qty=1, territory="DE", more=(), shipping=None
    ):
        lines = [{"sku": sku, "qty": qty}, *more]
        asked = {"order": self.name(order), "territory": territory, "lines": lines}
        charge = {"shipping": {"amount": shipping, "currency": "EUR"}} if shipping else {}
        return self.post("/orders", asked | charge | ({"tokens": [*tokens]} if tokens else {}))

    def cancel(self, order="o1"):
        return self.post(f"/orders/{self.name(order)}/cancel", {})

    def refund(self, refund, lines, order="o1"):
        return self.post(f"/orders/{self.name(order)}/refunds", {"refund": refund, "lines": lines})


COMMANDS = {
    "python": lambda: [sys.executable, "-W", "error", str(CHECKOUT / "python" / "shop.py")],
    "js": lambda: [node(), str(CHECKOUT / "js" / "shop.mjs")],
}


@contextmanager
def running(language: str, url: str, key: str) -> Iterator[Shop]:
    """One of the examples, asking Tactful at `url`."""
    command = COMMANDS[language]()
    settings = {"TACTFUL_URL": url, "TACTFUL_SERVER_KEY": key, "PORT": "0"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | settings
    ) as process:
        try:
            yield Shop(process.stdout.readline().removeprefix("shop on ").strip())
        finally:
            process.terminate()


def run_the_curl_page(url: str, key: str, token: str) -> str:
    """What the commands of the page print, run in their order after the settings of the first."""
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
