"""Has the kernel drop the knocks of addresses that come far too often, before they cost anything here.

A connection that is accepted only to be dropped takes as much as a shopper's message, and whoever is
dropped can come back at once. A filter on the listening socket leaves the very first packet unanswered:
who comes anew tries again after a second, as in any network that loses packets. Connections that
stand go on.
"""

import ctypes
import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

import structlog

log = structlog.get_logger("tactful.door")

BARRED_MS: Final = 10_000
"""Long enough that a flood is nothing, short enough for the neighbours of one who floods."""
MOST: Final = 32
"""Addresses barred at once: each connection carries the filter that was there when it was made."""

_ATTACH, _DETACH = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER: socket(7), and no name in Python
_LOAD_WORD, _LOAD_BYTE, _SHIFT, _IF_EQUAL, _RETURN = 0x20, 0x30, 0x74, 0x15, 0x06
_NETWORK = 0xFFF00000  # SKF_NET_OFF: from here on it counts from the IP header
_SOURCE_4, _SOURCE_6 = _NETWORK + 12, _NETWORK + 8
_DROP, _PASS = 0, 0xFFFFFFFF

Instruction = tuple[int, int, int, int]


class KernelFilter:
    """The addresses whose knocks a listening socket does not hear."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self._until: dict[str, int] = {}
        self.open()

    def __len__(self) -> int:
        return len(self._until)

    def bar(self, address: str, now: int) -> None:
        """Hear nothing from there (`limit_key`) for a while, if there is room for one more."""
        if address not in self._until and len(self._until) < MOST:
            self._until[address] = now + BARRED_MS
            log.warning("door.barred", addresses=len(self._until))
            self._apply()

    def look(self, now: int) -> None:
        """Hear those again whose time is over."""
        over = [address for address, until in self._until.items() if until <= now]
        for address in over:
            del self._until[address]
        if over:
            self._apply()

    def open(self) -> None:
        """Hear everybody: the socket may be one that outlives us."""
        self._until.clear()
        self._apply()

    def _apply(self) -> None:
        try:
            if self._until:
                _attach(self._socket, program(self._until))
            else:
                self._socket.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
        except (
            OSError
        ):  # there is none to take away, or this is not Linux: then they are dropped here
            return


def program(addresses: Iterable[str]) -> list[Instruction]:
    """A classic BPF program that drops what comes from these addresses, an IPv6 one with its /64."""
    four: list[Instruction] = [(_LOAD_WORD, 0, 0, _SOURCE_4)]
    six: list[Instruction] = []
    for each in map(ip_address, addresses):
        if isinstance(each, IPv6Address):
            high, low = struct.unpack("!II", each.packed[:8])
            six += [
                (_LOAD_WORD, 0, 0, _SOURCE_6),
                (_IF_EQUAL, 0, 3, high),
                (_LOAD_WORD, 0, 0, _SOURCE_6 + 4),
                (_IF_EQUAL, 0, 1, low),
                (_RETURN, 0, 0, _DROP),
            ]
        else:
            four += [(_IF_EQUAL, 0, 1, int(each)), (_RETURN, 0, 0, _DROP)]
    four.append((_RETURN, 0, 0, _PASS))
    version: list[Instruction] = [
        (_LOAD_BYTE, 0, 0, _NETWORK),
        (_SHIFT, 0, 0, 4),
        (_IF_EQUAL, len(four), 0, 6),
    ]
    return [*version, *four, *six, (_RETURN, 0, 0, _PASS)]


def _attach(listening: socket.socket, instructions: list[Instruction]) -> None:
    code = b"".join(struct.pack("=HBBI", *each) for each in instructions)
    held = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HP", len(instructions), ctypes.addressof(held))
    listening.setsockopt(socket.SOL_SOCKET, _ATTACH, described)
