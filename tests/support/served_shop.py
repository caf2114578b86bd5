"""A shop served by `tactful serve` in a process of its own, whose machine a test can harm."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from support.live_server import KEY, ORIGIN, SECRET, LiveServer

START_S = 60.0
"""Seconds to wait for the start or the end of a process before the test fails."""


class ServedShop(LiveServer):
    """The command `tactful serve` on a folder, used like a server of this process."""

    def __init__(
        self,
        folder: Path,
        rules: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """Prepare the folder; `settings` become variables, `environment` is taken as it is."""
        super().__init__(folder, rules)
        self.settings = {"test_mode": "1"} | {name: str(value) for name, value in settings.items()}
        self.environment = dict(environment or {})
        self.log: list[str] = []
        """The lines that the process wrote to standard error."""
        self._process: Process
        self._reading: asyncio.Task[None]
        self._url: asyncio.Future[str]

    @property
    def port(self) -> int:
        """The port that the process listens on."""
        return int(self._url.result().rpartition(":")[2].strip("/"))

    async def start(self, *, ready: bool = True) -> None:
        """Start the process; with `ready`, wait until it serves."""
        clean = {name: text for name, text in os.environ.items() if "TACTFUL" not in name}
        given = clean | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TACTFUL_SERVER_KEY": KEY,
            "TACTFUL_IDENTITY_SECRET": SECRET,
            "TACTFUL_ORIGINS": ORIGIN,
            "TACTFUL_DATA": str(self.folder / "data"),
            "TACTFUL_RULES": str(self.rules),
            "TACTFUL_PORT": "0",
            **{f"TACTFUL_{name.upper()}": value for name, value in self.settings.items() if value},
            **self.environment,
        }
        self._url = asyncio.get_running_loop().create_future()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tactful", "serve", stderr=PIPE, env=given
        )
        self._reading = asyncio.ensure_future(self._read_log())
        if ready:
            await self.listening()

    async def listening(self) -> None:
        """Wait until the process serves."""
        async with asyncio.timeout(START_S):
            url = await self._url
        self.http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
        )

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            line = raw.decode()
            self.log.append(line)
            if " at http" in line and not self._url.done():
                self._url.set_result(line.strip().rpartition(" at ")[2])
        if not self._url.done():
            self._url.set_exception(AssertionError("".join(self.log)))

    async def ended(self) -> int:
        """Wait until the process ends by itself; return its exit code."""
        async with asyncio.timeout(START_S):
            code = await self._process.wait()
            await self._reading
        if self._url.done() and not self._url.cancelled():
            self._url.exception()  # it never served, which is what was expected
        return code

    async def stop(self) -> None:
        """End the process in order, as systemd would."""
        await self.end(signal.SIGTERM)

    async def end(self, how: signal.Signals) -> int:
        """End the process with a signal; return its exit code."""
        for shopper in self.shoppers:
            await shopper.leave()
        self.shoppers = []
        if hasattr(self, "http"):
            await self.http.aclose()
        if self._process.returncode is None:
            self._process.send_signal(how)
        async with asyncio.timeout(START_S):
            code = await self._process.wait()
            await self._reading
        if not self._url.done():
            self._url.cancel()
        return code

    def logged(self, event: str) -> bool:
        """Whether the process has logged an event."""
        return any(f'"event": "{event}"' in line for line in self.log)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    # what an operator sees

    async def health(self, path: str = "/readyz") -> tuple[int, str, list[str]]:
        """The status, the word and the reasons of the health."""
        answer = await self.http.get(path)
        body = answer.json()
        return answer.status_code, body["status"], body.get("reasons", [])

    async def metric(self, name: str, **labels: str) -> float | None:
        """The value of a metric, or None if it has none."""
        text = (await self.http.get("/metrics")).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return float(sample.value)
        return None

    async def alerts(self, state: str = "unresolved") -> dict[str, dict[str, Any]]:
        """Kind → alert, without that of a backup that was never made."""
        answer = await self.http.get("/v1/alerts", params={"state": state})
        found = {one["kind"]: one for one in answer.json()["alerts"]}
        found.pop("backup.missing", None)
        return found


@contextlib.asynccontextmanager
async def served_shop(
    folder: Path,
    rules: str = "",
    *,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[ServedShop]:
    """A running process on a folder of its own, which is ended and waited for."""
    one = ServedShop(folder, rules, environment=environment, **settings)
    await one.start()
    try:
        yield one
    finally:
        await one.end(signal.SIGKILL)
