"""Instructions per offer in the whole server, of this checkout and of another one, by callgrind.

    python tests/bench/instructions.py CHECKOUT [--offers 700]

One shopper after the other needs an offer, so that each offer has a transaction of its own. Meanwhile the
event loop fires no timers: what the server does without shoppers is not counted. Other programs on the
machine change the count by about one in a thousand. It says nothing of caches and of waiting.
"""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import harness
import uvloop
from bench_active import RULES, SKUS, VIEWS
from websockets.sync.client import ClientConnection, connect

ORIGIN = "https://shop.example"
HELLO = (
    '{"t":"hello","n":1,"consent":"anonymous","territory":"DE",'
    f'"page":{{"url":"{ORIGIN}/","kind":"product"}}}}'
)
NEED = f'{{"t":"page","url":"{ORIGIN}/c","kind":"cancel","moment":"rescue"}}'
WARM = 60
"""Offers before the counted ones: Python adapts its bytecode to what it has run."""
NEVER_S = 1e6
REST_S = 3
"""Seconds after which all work of earlier offers is done, and due timers have fired."""
SOON_S = 0.02
"""Timers of at most so many seconds are part of the answer to a signal, and fire."""


class Loop(uvloop.Loop):
    """An event loop whose timers can be stopped."""

    stopped = False

    def call_later(self, delay: float, callback: Any, *values: Any, context: Any = None) -> Any:
        """Call back after a delay in seconds, but not while timers are stopped."""
        late = NEVER_S if self.stopped and delay > SOON_S else delay
        return super().call_later(late, callback, *values, context=context)

    def call_at(self, when: float, callback: Any, *values: Any, context: Any = None) -> Any:
        """Call back at an instant of the loop's clock in seconds; see `call_later`."""
        return self.call_later(when - self.time(), callback, *values, context=context)


async def serve(main: Callable[..., Any]) -> None:
    """Serve the shop of the benchmarks; SIGUSR1 stops the timers."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.add_signal_handler(signal.SIGUSR1, lambda: setattr(loop, "stopped", True))
    await main(RULES, SKUS, "rescue")


def serve_checkout(checkout: Path) -> None:
    """Serve one checkout's shop, in this process."""
    sys.path[:0] = [str(checkout / "server"), str(checkout / "tests" / "bench" / "peers")]
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(serve(import_module("job_tactful").main))


class Counted:
    """A server of one checkout under callgrind."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._folder = folder
        tool = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"]
        out = f"--callgrind-out-file={folder / 'count'}"
        command = [*tool, out, sys.executable, __file__, "--serve", str(checkout)]
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONHASHSEED": "0"}
        self._environment = environment
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def shoppers(self, stack: ExitStack, count: int) -> list[ClientConnection]:
        """Shoppers who have looked at some items."""
        found = []
        for _ in range(count):
            url = f"ws://127.0.0.1:{self._port}/v1/session"
            terms: dict[str, Any] = {"origin": ORIGIN, "compression": None, "ping_interval": None}
            one = stack.enter_context(connect(url, subprotocols=["tactful.v1"], **terms))
            one.send(HELLO)
            hear(one, "welcome")
            for number in range(VIEWS):
                one.send(f'{{"t":"view","sku":"s{number}"}}')
            found.append(one)
        return found

    def count(self, offers: int) -> float:
        """Instructions per offer."""
        with ExitStack() as stack:
            make_offers(self.shoppers(stack, WARM))
            warm, counted = self.shoppers(stack, WARM), self.shoppers(stack, offers)
            time.sleep(REST_S)
            self._process.send_signal(signal.SIGUSR1)
            time.sleep(REST_S)
            self._control("-i", "on")
            make_offers(warm)
            time.sleep(REST_S)
            self._control("-d")
            make_offers(counted)
            time.sleep(REST_S)
            self._control("-d")
        dumped = max(self._folder.glob("count.*"), key=lambda path: path.stat().st_mtime_ns)
        found = re.findall(r"^totals: (\d+)", dumped.read_text(), re.MULTILINE)
        return int(found[-1]) / offers

    def _control(self, *words: str) -> None:
        command = ["callgrind_control", *words, str(self._process.pid)]
        subprocess.run(command, check=True, env=self._environment, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()


def hear(shopper: ClientConnection, kind: str) -> None:
    """Wait for a message of a kind."""
    while f'"t":"{kind}"' not in str(shopper.recv(60)):
        pass


def make_offers(shoppers: list[ClientConnection]) -> None:
    """Let one shopper after the other need an offer, and wait for it."""
    for shopper in shoppers:
        shopper.send(NEED)
        hear(shopper, "offer")


@contextmanager
def counting(checkout: Path) -> Iterator[Counted]:
    """Context manager that runs a server under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        server = Counted(checkout, Path(folder))
        try:
            yield server
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--offers", type=int, default=700)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve_checkout(asked.checkout)
        return
    figures = {}
    for name, checkout in (("other", asked.checkout.resolve()), ("ours", harness.ROOT)):
        with counting(checkout) as server:
            figures[name] = round(server.count(asked.offers))
    ratio = figures["other"] / figures["ours"]
    found = {"instructions per offer": figures, "ratio": round(ratio, 3)}
    harness.report("instructions", found, [harness.goal("instructions per offer", ratio, 0.97)])


if __name__ == "__main__":
    main()
