"""A django-oscar shop with the bridge, made as the bridge's manual says, and a Tactful server beside it."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.manual_runner import ROOT
from support.ports import free_port

PROJECT = ROOT / "tests" / "platforms" / "oscar_shop"
MANUAL = ROOT / "server" / "bridges" / "oscar" / "README.md"
PYTHON = ROOT / ".venv-platforms" / "bin" / "python"
KEY = "server-key-of-the-platforms"
SECRET = "identity-secret-of-the-platforms"
PATIENCE_S = 60
_BLOCK = re.compile(r"^( *)```(\w+)(?: (\S+))?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def python() -> str:
    """The Python in whose environment Oscar and the bridge's wheels are installed."""
    if not PYTHON.is_file():
        pytest.fail(f"{PYTHON} is not there: run make platforms", pytrace=False)
    return str(PYTHON)


def manual_blocks() -> list[tuple[str, str, str]]:
    """(language, file, text) of every block of the manual, without its indentation."""
    text = MANUAL.read_text("utf-8")
    return [
        (language, file, textwrap.dedent(body)) for _, language, file, body in _BLOCK.findall(text)
    ]


def _append(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text("utf-8") if file.is_file() else ""
    file.write_text(before + "\n" + text, "utf-8")


class Tactful:
    """A server of its own, whose clock stands until it is moved."""

    clock = 0
    """Seconds since the Unix epoch, UTC, to which the server's clock was set last."""

    def __init__(self, folder: Path, rules: str = "", currency: str = "GBP") -> None:
        self.folder = folder
        (plain,) = [text for language, _, text in manual_blocks() if language == "yaml"]
        self.rules = rules or plain
        self.currency = currency
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.origins = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, origins: str = "") -> None:
        """Start with the origins of the first start, and set the clock to the present."""
        self.origins = origins or self.origins
        rules = self.folder / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        (rules / "rules.yaml").write_text(f"{self.rules}policy:\n  holdout: 0%\n", "utf-8")
        command = [sys.executable, "-m", "tactful", "serve", "--data", str(self.folder / "data")]
        command += ["--rules", str(rules), "--port", str(self.port)]
        environment = {
            "TACTFUL_SERVER_KEY": KEY,
            "TACTFUL_ORIGINS": self.origins,
            "TACTFUL_IDENTITY_SECRET": SECRET,
            "TACTFUL_TEST_MODE": "1",
            "TACTFUL_SEED": "7",
        }
        log = (self.folder / "tactful.log").open("ab")
        self.process = subprocess.Popen(
            command, env=os.environ | environment, stderr=log, stdout=log
        )
        log.close()
        until(lambda: self.ask("GET", "/readyz") is not None)
        self.advance(0)

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            self.process = None

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The body of an answer, a refusal with its `status`; `None`: there is no server."""
        headers = {"Authorization": f"Bearer {KEY}"}
        try:
            answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=20)
        except httpx.TransportError:
            return None
        found = answer.json()
        return found if answer.is_success else {"status": answer.status_code, **found}

    def advance(self, seconds: int) -> None:
        """Move the clock, at least to the present: shops compare tokens with their own clocks."""
        self.clock = max(self.clock + seconds, int(time.time()))
        now = datetime.fromtimestamp(self.clock, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert "status" not in self.ask("POST", "/v1/test/clock", {"now": now})

    def catch_up(self) -> None:
        """Move the clock to the present before a shopper comes.

        An offer lasts 15 minutes. It would come and end at once if the clock caught up while the
        shopper looks at its item, because the tests before took longer than that.
        """
        self.advance(0)

    def pairing_code(self, platform: str) -> str:
        """A code of `tactful keys pair`; the server's clock may be ahead of the machine's."""
        command = [sys.executable, "-m", "tactful", "keys", "pair", "--platform", platform]
        command += ["--data", str(self.folder / "data"), "--public-url", self.url, "--for", "1h"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        (code,) = re.findall(r"\S+@http\S+", done.stdout)
        return str(code)

    def redemptions(self, order: str) -> list[tuple[int, str]]:
        """(attempt, state) of an order's redemptions."""
        rows = self.ask("GET", f"/v1/redemptions?order={order}")["redemptions"]
        return sorted((row["attempt"], row["state"]) for row in rows)

    def budget(self) -> tuple[int, int]:
        """(reserved, settled) of the campaign, in minor units."""
        rows = self.ask("GET", "/v1/budgets")["budgets"]
        (row,) = [row for row in rows if row["currency"] == self.currency]
        return row["reserved"], row["settled"]


@dataclass
class OscarShop:
    """A running shop."""

    folder: Path
    port: int
    other_port: int
    """For a second process with other settings."""
    tactful: Tactful
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of the shop, which is an origin of the server."""
        return f"http://localhost:{self.port}"

    def manage(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the shop's `manage.py`."""
        done = subprocess.run(
            [python(), "-W", "ignore", "manage.py", *command],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def pair(self) -> None:
        """Pair the shop with its server, as its staff does."""
        code = self.tactful.pairing_code("oscar")
        self.manage("tactful_pair", code, "--shop", self.url)

    def run(self, code: str) -> str:
        """What a piece of Python prints inside the shop."""
        return self.manage("shell", "-v", "0", "-c", textwrap.dedent(code)).stdout.strip()


def make_project(folder: Path, environment: Mapping[str, str]) -> None:
    """Make the shop, and follow the manual's blocks up to its tables."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = {"PATH": f"{Path(python()).parent}:{os.environ['PATH']}"}
    places = {"settings.py": "shop/settings.py", "urls.py": "shop/urls.py"}
    done: list[str] = []
    for language, file, text in manual_blocks():
        if language == "sh" and "tactful_sync" not in text:
            subprocess.run(
                ["sh", "-eu", "-c", text], cwd=folder, check=True, env={**environment, **path},
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        elif language == "python":
            own = text.replace(
                "from oscar.apps.checkout.views import PaymentDetailsView as",
                "from shop.payment import CardPaymentDetailsView as",
            )
            _append(folder / places.get(file, file), own)
        elif language == "html":
            _append(folder / "templates" / file, text)
        done.append(file)
    assert {"settings.py", "urls.py", "apps/partner/strategy.py", "oscar/layout.html"} <= {*done}
    payment = folder / "shop" / "payment.py"
    text = payment.read_text("utf-8")
    for view in ("PaidView", "BackView"):
        text = text.replace(f"class {view}(", f"class {view}(TactfulPaymentMixin, ")
    mixin = "from tactful_oscar.checkout import TactfulPaymentMixin\n"
    payment.write_text(mixin + text, "utf-8")


@contextlib.contextmanager
def oscar_shop(folder: Path, **settings: str) -> Iterator[OscarShop]:
    """Make and run a shop with a Tactful server; both end with the context."""
    folder.mkdir(parents=True, exist_ok=True)
    tactful = Tactful(folder / "tactful")
    tactful.folder.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        **settings,
    }
    environment["TACTFUL_PAIRING"] = str(folder / "tactful.json")
    make_project(folder / "shop", environment)
    shop = OscarShop(folder / "shop", free_port(), free_port(), tactful, environment)
    tactful.start(f"{shop.url},http://localhost:{shop.other_port}")
    try:
        shop.manage("migrate", "-v", "0")
        shop.pair()
        seed = (PROJECT / "seed.py").read_text("utf-8")
        shop.run(seed)
        shop.manage("tactful_sync")
        with serving(shop, shop.port):
            yield shop
    finally:
        tactful.stop()


@contextlib.contextmanager
def serving(shop: OscarShop, port: int) -> Iterator[None]:
    """Django's own server on a port."""
    log = (shop.folder / "shop.log").open("ab")
    command = [
        python(),
        "-W",
        "ignore",
        "manage.py",
        "runserver",
        "--noreload",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen(
        command, cwd=shop.folder, env=shop.environment, stdout=log, stderr=log
    )
    log.close()
    try:
        until(lambda: _answers(port))
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextlib.contextmanager
def another_process(shop: OscarShop, **settings: str) -> Iterator[None]:
    """The same shop in a second process with other settings; shoppers use that one."""
    port, environment = shop.port, shop.environment
    shop.environment = {**environment, **settings}
    try:
        with serving(shop, shop.other_port):
            shop.port = shop.other_port
            yield
    finally:
        shop.port, shop.environment = port, environment


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", follow_redirects=True, timeout=20).is_success
    except httpx.TransportError:
        return False


def until(ask: Any, seconds: float = PATIENCE_S) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
    return answer
