"""How a benchmark runs: peers interleaved round by round, medians, ratios with their spread.

The machine is shared and noisy, so an absolute figure is orientation and a ratio within one run is
the result. The server has one core to itself, the load generator the other.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RESULTS = ROOT / "bench-results"
SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
PAGE_KIB = os.sysconf("SC_PAGESIZE") // 1024


class Server:
    """A server in a process of its own, on a core of its own; its first line names its port."""

    def __init__(self, command: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "server")}
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=HERE / "peers",
            pass_fds=descriptors,
        )
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.pid = self._process.pid

    def rss_kib(self) -> int:
        """Resident memory now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_KIB

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        return sum(self._cpu())

    def precise_seconds(self) -> float:
        """Processor time so far of the threads that it has now, without the steps of 10 ms."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9

    def loop_ms(self) -> float:
        """Processor time of its first thread, the event loop's, in milliseconds."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e6

    def user_seconds(self) -> float:
        """Processor time so far, without the kernel's."""
        return self._cpu()[0]

    def cpu_share(self, seconds: float) -> float:
        """The share of a core that it uses over some seconds."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - before) / seconds

    def settled(self, descriptors: int, seconds: float = 30) -> None:
        """Wait until it has at most `descriptors` descriptors open."""
        deadline = time.monotonic() + seconds
        while self.descriptors() > descriptors:
            assert time.monotonic() < deadline, f"{self.descriptors()} descriptors are open"
            time.sleep(0.05)

    def _cpu(self) -> tuple[float, float]:
        return cpu_of(self.pid)

    def descriptors(self) -> int:
        """Open descriptors now."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def tell_to_stop(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def stop(self) -> None:
        """Stop the process, and wait until it has ended."""
        self.tell_to_stop()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def cpu_of(pid: int) -> tuple[float, float]:
    """Processor time of a process so far, its own and the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


@contextmanager
def serving(command: Sequence[str]) -> Iterator[Server]:
    """Context manager that runs a server."""
    server = Server(command)
    try:
        yield server
    finally:
        server.stop()


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs one of our peers."""
    return [sys.executable, str(HERE / "peers" / script), *arguments]


def node(script: str) -> list[str] | None:
    """The command that runs a peer on Node, if Node and the peer's packages are here."""
    program = shutil.which("node")
    installed = (HERE / "peers" / "node_modules").is_dir()
    return [program, str(HERE / "peers" / script)] if program and installed else None


def absent() -> list[str]:
    """The peers that could not be measured here, each with what is missing."""
    if shutil.which("node") is None:
        return ["the peers on Node: Node is not installed"]
    if not (HERE / "peers" / "node_modules").is_dir():
        return ["the peers on Node: run npm ci in tests/bench/peers"]
    return []


def kernel_tcp_kib() -> int:
    """Memory that the kernel holds for all TCP sockets of the machine."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split("mem ")[1].split()[0]) * PAGE_KIB
    return 0


def built(name: str) -> Path:
    """A C program of ours, compiled on first use."""
    source = HERE / name
    program = RESULTS / source.stem
    newest = max(part.stat().st_mtime for part in (source, *HERE.glob("*.h")))
    if not program.exists() or program.stat().st_mtime < newest:
        RESULTS.mkdir(exist_ok=True)
        if shutil.which("cc") is None:
            raise SystemExit(f"{name} is the load client: a C compiler (cc) is needed to build it")
        subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
    return program


class Told:
    """A client in C that reads commands, and reports readiness and results as lines of JSON."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        self._heard()

    def do(self, what: str) -> dict[str, int]:
        """Run one command to its end."""
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._heard()

    def leave(self) -> None:
        """Close all its connections."""
        self._process.communicate()
        assert self._process.returncode == 0, "somebody who did no harm was not answered"

    def _heard(self) -> dict[str, int]:
        assert self._process.stdout is not None
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found


def load_command(
    port: int, *, connections: int, seconds: float, size: int, depth: int, hello: bool = False
) -> list[str]:
    """The command of the load client; with `hello` it opens a session and waits for `welcome`."""
    arguments = (port, connections, seconds, size, depth, *(["hello"] if hello else []))
    return [str(built("load.c")), *map(str, arguments)]


def on_load_core() -> None:
    """Keep this process and its later children off the server's core."""
    os.sched_setaffinity(0, {LOAD_CORE})


def interleave(
    contenders: Sequence[str], measure: Callable[[str], float], rounds: int
) -> dict[str, list[float]]:
    """Measure every contender once per round, in turn, so that noise affects all alike."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in contenders:
            samples[name].append(measure(name))
            shown = f"round {number + 1}/{rounds}  {name:<24} {samples[name][-1]:>12,.1f}"
            print(shown, file=sys.stderr, flush=True)
    return samples


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """The ratio of ours to theirs, round by round: the median and the spread."""
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "median": round(median(each), 3),
        "low": round(min(each), 3),
        "high": round(max(each), 3),
    }


def goal(name: str, value: float, wanted: float, *, at_most: bool = False) -> dict[str, Any]:
    """Whether a figure meets its goal."""
    met = value <= wanted if at_most else value >= wanted
    sign = "<=" if at_most else ">="
    return {"goal": f"{name} {sign} {wanted}", "value": round(value, 3), "met": met}


def report(bench: str, figures: Mapping[str, Any], goals: Sequence[Mapping[str, Any]]) -> None:
    """Write the figures beside the machine and the commit they were taken on, and print them."""
    RESULTS.mkdir(exist_ok=True)
    without = absent()
    document = {
        "bench": bench, "machine": machine(), "figures": figures, "goals": goals,
        "without": without,
    }  # fmt: skip
    written = json.dumps(document, indent=2)
    (RESULTS / f"{bench}.json").write_text(written + "\n")
    print(json.dumps(figures, indent=2))
    for one in without:
        print(f"measured without {one}")
    for each in goals:
        print(f"{'met   ' if each['met'] else 'MISSED'} {each['goal']}: {each['value']}")


def machine() -> dict[str, Any]:
    """The machine on which this was measured."""
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine())  # fmt: skip
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "commit": commit.stdout.strip(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def options(description: str | None, **defaults: float) -> argparse.Namespace:
    """Command-line options, all numbers, each with its default."""
    parser = argparse.ArgumentParser(description=description)
    for name, value in defaults.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(value), default=value, help=f"default: {value}")
    return parser.parse_args()


def run(main: Callable[[], Any]) -> None:
    """Run an asynchronous benchmark on the fast loop where there is one."""
    try:
        import uvloop  # noqa: PLC0415 -- not on every platform
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
