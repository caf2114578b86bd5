"""Disks that fail or lose power: builds the preloaded shim and makes disk images from its record."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
PROCESSES: Final = HERE.parent / "processes"
SECTOR: Final = 512
WRITE, SYNC, TRUNCATE = 1, 2, 3
_HEAD: Final = struct.Struct("=BBqI")

needs_shim = pytest.mark.skipif(
    shutil.which("cc") is None or sys.platform != "linux",
    reason="faults are injected by a small C library: needs cc and Linux",
)


def build_shim(folder: Path) -> Path:
    """The shared library, compiled."""
    made = folder / "faults.so"
    source = str(HERE / "faults.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(made), source, "-ldl"], check=True)
    return made


def environment(shim: Path, folder: Path, record: Path | None = None) -> dict[str, str]:
    """What a process needs in its environment to have the files of `folder` watched."""
    found = os.environ | {
        "LD_PRELOAD": str(shim),
        "FAULTS_DIR": str(folder),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return found | ({"FAULTS_RECORD": str(record)} if record else {})


@dataclass(frozen=True)
class Operation:
    """One write, sync or truncation of a file; `offset` −1: at its end."""

    kind: int
    name: str
    offset: int
    data: bytes

    def torn(self, size: int) -> "Operation":
        """The same write, of which only the first bytes arrived."""
        return Operation(self.kind, self.name, self.offset, self.data[:size])


def read_record(path: Path) -> list[Operation]:
    """All operations, in order."""
    raw, at, found = path.read_bytes(), 0, []
    while at < len(raw):
        kind, length, offset, size = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        name = raw[at : at + length].decode()
        at += length
        found.append(Operation(kind, name, offset, raw[at : at + size]))
        at += size
    return found


class Disk:
    """What files hold for sure, and what was written since their last sync."""

    def __init__(self) -> None:
        self.durable: dict[str, bytearray] = {}
        self.pending: dict[str, list[Operation]] = {}

    def take(self, operation: Operation) -> None:
        """The next operation of the record."""
        if operation.kind == SYNC:
            for earlier in self.pending.pop(operation.name, []):
                apply(self.durable, earlier)
        else:
            self.pending.setdefault(operation.name, []).append(operation)

    def image(self, survivors: Iterator[Operation] | list[Operation]) -> Mapping[str, bytes]:
        """The files after a power cut that these of the pending operations survived."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        for operation in survivors:
            apply(files, operation)
        return {name: bytes(content) for name, content in files.items()}


def apply(files: dict[str, bytearray], operation: Operation) -> None:
    """Carry out a write or a truncation."""
    content = files.setdefault(operation.name, bytearray())
    if operation.kind == TRUNCATE:
        size = operation.offset
        del content[size:]
        content.extend(bytes(size - len(content)))
        return
    at = len(content) if operation.offset < 0 else operation.offset
    if at > len(content):
        content.extend(bytes(at - len(content)))
    content[at : at + len(operation.data)] = operation.data


def cuts(disk: Disk, dice: int) -> Iterator[tuple[str, list[Operation]]]:
    """Power cuts at this instant: nothing that was not synced survives, a prefix does, any part
    does, or the last write is torn at a sector. `dice` chooses which."""
    pending = [operation for name in sorted(disk.pending) for operation in disk.pending[name]]
    yield "none", []
    if not pending:
        return
    yield "prefix", pending[: dice % len(pending) + 1]
    yield "part", [one for place, one in enumerate(pending) if dice >> (place % 61) & 1]
    *whole, last = pending[: (dice >> 7) % len(pending) + 1]
    if last.kind == WRITE:
        yield "torn", [*whole, last.torn((dice >> 3) % (len(last.data) // SECTOR + 1) * SECTOR)]
