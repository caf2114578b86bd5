"""Where is a real browser, and how is it started: Chromium by Playwright, Firefox by WebDriver BiDi.

`chromium()` and `firefox()` are context managers. Where a browser is missing, the test skips with
one line, unless `TACTFUL_REQUIRE=1` says that a missing part is a failure.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from websockets.sync.client import ClientConnection, connect

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FIREFOX = ("firefox-esr", "firefox")
QUIET = [
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ANSWER_S = 30  # a loaded two-core machine answers within this, or not at all


def require(names: tuple[str, ...]) -> str:
    """Return the path of the first program found, or skip (or fail) with one clear line."""
    for name in names:
        if path := shutil.which(name):
            return path
    line = f"{names[0]} is not installed"
    if os.environ.get("TACTFUL_REQUIRE") == "1":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


class _Shared:
    """Playwright allows one driver at a time: whoever comes second uses the first one's."""

    playwright: Playwright | None = None
    users = 0


@contextlib.contextmanager
def _driver() -> Iterator[Playwright]:
    if not _Shared.playwright:
        _Shared.playwright = sync_playwright().start()
        expect.set_options(timeout=ANSWER_S * 1000)
    _Shared.users += 1
    try:
        yield _Shared.playwright
    finally:
        _Shared.users -= 1
        if not _Shared.users:
            _Shared.playwright.stop()
            _Shared.playwright = None


@contextlib.contextmanager
def chromium(*args: str, back_forward_cache: bool = False) -> Iterator[Browser]:
    """Start the system's Chromium, headless, with an empty profile."""
    path = require(CHROMIUM)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with _driver() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[*QUIET, *sandbox, *args],
            ignore_default_args=["--disable-back-forward-cache"] if back_forward_cache else [],
        )
        try:
            yield browser
        finally:
            browser.close()


class BidiError(Exception):
    """The browser refused a command, or the page threw."""


class Tab:
    """One tab of Firefox."""

    def __init__(self, browser: "Firefox", context: str) -> None:
        self._browser = browser
        self.context = context

    def goto(self, url: str, wait: str = "complete") -> None:
        """Navigate and wait for the load."""
        self._browser.call("browsingContext.navigate", context=self.context, url=url, wait=wait)

    def back(self) -> None:
        """Go one entry back in history."""
        self._browser.call("browsingContext.traverseHistory", context=self.context, delta=-1)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression; promises are awaited; values travel as JSON."""
        wrapped = f"Promise.resolve({expression}).then((v) => JSON.stringify(v ?? null))"
        answer = self._browser.call(
            "script.evaluate",
            expression=wrapped,
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise BidiError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait_for(self, expression: str, seconds: float = 25) -> Any:
        """Wait in the page until an expression is true."""
        return self.evaluate(
            "new Promise((done, fail) => { const until = performance.now() + "
            f"{seconds * 1000}; const ask = () => {{ const v = ({expression}); if (v) done(v);"
            f" else if (performance.now() > until) fail(new Error({json.dumps(expression)}));"
            " else setTimeout(ask, 25) }; ask() })"
        )

    def resize(self, width: int, height: int) -> None:
        """Set the size of the page's area."""
        self._browser.call(
            "browsingContext.setViewport",
            context=self.context,
            viewport={"width": width, "height": height},
        )

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen as PNG."""
        answer = self._browser.call("browsingContext.captureScreenshot", context=self.context)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("browsingContext.close", context=self.context)


class Firefox:
    """A running Firefox, spoken to in WebDriver BiDi without a driver program."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.logs: list[dict[str, Any]] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; log entries met on the way are kept."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(ANSWER_S))
            if message.get("method") == "log.entryAdded":
                self.logs.append(message["params"])
            if message.get("id") == number:
                break
        if message["type"] == "error":
            raise BidiError(f"{method}: {message['message']}")
        return dict(message["result"])

    def tab(self) -> Tab:
        """Open a tab."""
        answer = self.call("browsingContext.create", type="tab")
        return Tab(self, answer["context"])


def _address(process: subprocess.Popen[str]) -> str:
    """Read from its output where Firefox listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if "WebDriver BiDi listening on" in line:
            return line.split()[-1]
    raise BidiError("Firefox ended before it listened")


@contextlib.contextmanager
def firefox(**preferences: str | bool | int) -> Iterator[Firefox]:
    """Start the system's Firefox, headless, with an empty profile and these preferences."""
    path = require(FIREFOX)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [f'user_pref("{key}", {json.dumps(value)});' for key, value in preferences.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines))
        process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", profile,
             "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "HOME": profile, "MOZ_CRASHREPORTER_DISABLE": "1"},
            start_new_session=True,
        )  # fmt: skip
        try:
            with connect(f"{_address(process)}/session", max_size=None) as socket:
                yield Firefox(socket)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
