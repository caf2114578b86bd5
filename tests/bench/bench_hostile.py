"""Hostile peers: 1,000 that never read, 1,000 that fall silent, 5,000 half handshakes.

They connect to a whole shop with 100 rules. Meanwhile a good client must connect in under 1 s and
get an offer in under 300 ms, and all of it must cost less than 250 MB, the kernel's share included.
"""

import asyncio
import socket
from contextlib import suppress
from statistics import median

import harness
from good_client import HELLO, HOST, UPGRADE, Buyer, Good

PING = b"\x89\xfd" + bytes(4 + 125)
ASKED = 640  # answers of 81 kB: more than the kernel takes for a peer that does not read


def dial(port: int, sent: bytes, receive_buffer: int) -> socket.socket:
    """A peer that sends one text and then does nothing."""
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.connect((HOST, port))
    peer.sendall(sent)
    peer.setblocking(False)
    return peer


async def attack(port: int, good: Good, crowds: dict[str, int]) -> list[socket.socket]:
    """Open the hostile peers in batches, with a visit of the good client between them."""
    pieces = {
        "never_readers": (UPGRADE + HELLO, 2_048),
        "silent": (UPGRADE + HELLO, 0),
        "half_handshakes": (UPGRADE[:100], 0),
    }
    peers = []
    for name, number in crowds.items():
        for batch in range(0, number, 500):
            some = [dial(port, *pieces[name]) for _ in range(min(500, number - batch))]
            peers += some
            await good.visit(answers=20)
            if name == "never_readers":
                flood(some)
                await good.visit(answers=20)
    return peers


def flood(peers: list[socket.socket]) -> None:
    """Have each ask for more than it will read, or for as much as the server still takes from it."""
    for peer in peers:
        with suppress(OSError):  # it was dropped, or nothing more is taken
            peer.send(PING * ASKED)


async def main() -> None:
    asked = harness.options(__doc__, never_readers=1_000, silent=1_000, half_handshakes=5_000)
    crowds = vars(asked)
    with harness.serving(harness.python("job_tactful.py", "100", "1000", "rescue")) as server:
        harness.on_load_core()
        good = Buyer(server.port, server.loop_ms)
        await good.visit(answers=20)
        before = server.rss_kib() + harness.kernel_tcp_kib()
        good.connect_ms, good.answer_ms, good.work_ms = [], [], []
        peers = await attack(server.port, good, crowds)
        added = server.rss_kib() + harness.kernel_tcp_kib() - before
        await good.visit(answers=100)
        for peer in peers:
            peer.close()
        await asyncio.to_thread(server.settled, 64)
    p99 = good.answer_p99()
    figures = {
        "hostile": crowds,
        "added_mib": round(added / 1024, 1),
        "good_client_ms": {
            "connect_median": round(median(good.connect_ms), 2),
            "connect_max": round(max(good.connect_ms), 2),
            "server_worked_meanwhile_max": round(max(good.work_ms), 2),
            "offer_median": round(median(good.answer_ms), 2),
            "offer_p99": round(p99, 2),
        },
    }
    goals = [
        harness.goal(
            "ms of work until a good client is in", max(good.work_ms), 1_000, at_most=True
        ),
        harness.goal("ms until it has an offer, p99", p99, 300, at_most=True),
        harness.goal("MiB added, kernel included", added / 1024, 250, at_most=True),
    ]
    harness.report("hostile", figures, goals)


if __name__ == "__main__":
    harness.run(main)
