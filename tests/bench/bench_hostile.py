"""Hostile peers: 1,000 that never read, 1,000 that fall silent, 5,000 half handshakes.

Meanwhile a good client must connect in under 1 s and be answered in under 300 ms, and all of it must
cost less than 250 MB, the kernel's share included.
"""

import asyncio
import socket
from statistics import median

import harness
from good_client import HELLO, HOST, UPGRADE, VIEW, Good

ASKED = 250  # answers of 82 kB: more than the kernel takes for a peer that does not read


def dial(port: int, sent: bytes, receive_buffer: int) -> socket.socket:
    """A peer that says its piece and then does nothing."""
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.connect((HOST, port))
    peer.sendall(sent)
    peer.setblocking(False)
    return peer


async def attack(server: harness.Server, good: Good, crowds: dict[str, int]) -> list[socket.socket]:
    """Open the hostile peers in batches, with a visit of the good client between them."""
    pieces = {
        "never_readers": (UPGRADE + HELLO + VIEW * ASKED, 2_048),
        "silent": (UPGRADE + HELLO, 0),
        "half_handshakes": (UPGRADE[:100], 0),
    }
    peers = []
    for name, number in crowds.items():
        for batch in range(0, number, 500):
            peers += [dial(server.port, *pieces[name]) for _ in range(min(500, number - batch))]
            await good.visit(answers=20)
    return peers


async def main() -> None:
    asked = harness.options(__doc__, never_readers=1_000, silent=1_000, half_handshakes=5_000)
    crowds = vars(asked)
    with harness.serving(harness.python("front_door.py")) as server:
        harness.on_load_core()
        good = Good(server.port)
        await good.visit(answers=20)
        before = server.rss_kib() + harness.kernel_tcp_kib()
        good = Good(server.port)
        peers = await attack(server, good, crowds)
        added = server.rss_kib() + harness.kernel_tcp_kib() - before
        for _ in range(20):
            await good.visit(answers=20)
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
            "answer_median": round(median(good.answer_ms), 2),
            "answer_p99": round(p99, 2),
        },
    }
    goals = [
        harness.goal("ms until a good client is in", max(good.connect_ms), 1_000, at_most=True),
        harness.goal("ms until it is answered, p99", p99, 300, at_most=True),
        harness.goal("MiB added, kernel included", added / 1024, 250, at_most=True),
    ]
    harness.report("hostile", figures, goals)


if __name__ == "__main__":
    harness.run(main)
