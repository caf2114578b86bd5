"""Bursts of sixteen simultaneous redemptions of one offer, from four processes."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from support.processes.redemption_server import token

HERE = Path(__file__).parent
PROCESSES = 4
AT_ONCE = 16
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["support.redemption_bursts"])


@dataclass
class Outcome:
    """The result of a run."""

    attempts: int = 0
    doubled: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    unexpected: list[Any] = field(default_factory=list)
    unsold: int = 0
    seconds: float = 0.0
    ledger: dict[str, Any] = field(default_factory=dict)


@contextmanager
def serving(folder: Path, offers: int, *kind: str) -> Iterator[subprocess.Popen[str]]:
    """Run a redemption server; it prints its port."""
    command = [
        sys.executable,
        str(HERE / "processes" / "redemption_server.py"),
        str(folder),
        str(offers),
        *kind,
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def client(port: int, number: int, bursts: int, barrier: Barrier, results: Any) -> None:
    """Make this process's share of each burst, each attempt on its own connection."""
    share = AT_ONCE // PROCESSES
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(share)]
    files = [connection.makefile("rwb", buffering=0) for connection in connections]
    answers = []
    for burst in range(bursts):
        signed = token(f"of_{burst}")
        # Neighbouring processes try the same orders, so that each order also races its own retry.
        orders = [f"o_{burst}_{(number % 2) * share + place}" for place in range(share)]
        lines = [json.dumps({"token": signed, "order": order}).encode() + b"\n" for order in orders]
        barrier.wait(60)
        for file, line in zip(files, lines, strict=True):
            file.write(line)
        for file, order in zip(files, orders, strict=True):
            answers.append((burst, order, file.readline()))
    for file, connection in zip(files, connections, strict=True):
        file.close()
        connection.close()
    results.put(answers)


def run(folder: Path, attempts: int, *kind: str) -> Outcome:
    """Make the attempts, and check all answers together."""
    bursts = attempts // AT_ONCE
    with serving(folder, bursts, *kind) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        barrier, results = FORKS.Barrier(PROCESSES), FORKS.Queue()
        clients = [
            FORKS.Process(target=client, args=(port, number, bursts, barrier, results))
            for number in range(PROCESSES)
        ]
        started = time.perf_counter()
        for process in clients:
            process.start()
        answers = [answer for _ in clients for answer in results.get(timeout=60 + attempts / 500)]
        seconds = time.perf_counter() - started
        for process in clients:
            process.join()
        printed, _ = server.communicate("", timeout=60)
    outcome = check_answers(answers, bursts)
    outcome.seconds = seconds
    outcome.ledger = json.loads(printed)
    return outcome


def check_answers(answers: list[tuple[int, str, bytes]], bursts: int) -> Outcome:
    """Check that one order gets each offer, with equal answers, and every other order a refusal."""
    outcome = Outcome(attempts=len(answers))
    won: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for burst, order, line in answers:
        answer = json.loads(line)
        if answer["status"] == 200:
            won[burst][order].add(answer["body"])
        elif answer["status"] != 409 or "redemption.used" not in answer["body"]:
            outcome.unexpected.append(answer)
    for burst, orders in won.items():
        if len(orders) > 1:
            outcome.doubled.append(f"of_{burst}: {sorted(orders)}")
        outcome.differing += [order for order, bodies in orders.items() if len(bodies) > 1]
    outcome.unsold = bursts - len(won)
    return outcome
