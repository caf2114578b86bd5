"""Refusal of new sessions close to the memory limit; open sessions are served on."""

from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from support.raw_connections import RawClient, eventually, running_listener, upgrade
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.memory_guard import MemoryGuard, cgroup_limit, resident_bytes

QUICK: dict[str, Any] = {"sweep_ms": 50, "linger_ms": 200}


class Used:
    """An amount of memory that a test sets."""

    def __init__(self, used: int = 0) -> None:
        self.used = used

    def __call__(self) -> int:
        return self.used


def test_without_a_limit_it_never_refuses() -> None:
    memory = MemoryGuard(None, used=Used(2**62))
    memory.check(1)
    assert not memory.refusing


def test_at_nine_tenths_of_the_limit_it_refuses_and_logs_once() -> None:
    used = Used(899)
    memory = MemoryGuard(1_000, used=used)
    with capture_logs() as logged:
        memory.check(100)
        assert not memory.refusing
        used.used = 900
        for _ in range(3):
            memory.check(100)
            assert memory.refusing
        used.used = 899
        memory.check(100)
        assert not memory.refusing
    assert [line["event"] for line in logged] == ["memory.short", "memory.enough"]


def test_ended_sessions_make_room_though_the_process_stays_as_large() -> None:
    used = Used(950)
    memory = MemoryGuard(1_000, used=used)
    memory.check(100)
    assert memory.refusing
    memory.check(94)
    assert not memory.refusing
    memory.check(96)
    assert memory.refusing


def test_growing_memory_lowers_the_number_of_sessions() -> None:
    used = Used(900)
    memory = MemoryGuard(1_000, used=used)
    memory.check(100)
    used.used = 950
    memory.check(80)
    assert memory.refusing
    memory.check(75)
    assert not memory.refusing


def test_the_lowest_limit_of_the_enclosing_control_groups_counts(tmp_path: Path) -> None:
    groups, own = tmp_path / "groups", tmp_path / "cgroup"
    inner = groups / "shop" / "server"
    inner.mkdir(parents=True)
    own.write_text("0::/shop/server\n")
    assert cgroup_limit(groups, own) is None
    (inner / "memory.max").write_text("max\n")
    (groups / "shop" / "memory.max").write_text("1048576\n")
    assert cgroup_limit(groups, own) == 1_048_576
    (inner / "memory.max").write_text("4096\n")
    assert cgroup_limit(groups, own) == 4_096


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_limit(tmp_path, tmp_path / "none") is None


def test_resident_memory_is_in_bytes() -> None:
    assert 4 * 2**20 < resident_bytes() < 64 * 2**30


async def test_a_session_is_refused_and_everything_else_is_served() -> None:
    limits = AdmissionLimits(memory_bytes=1, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as early,
    ):
        await early.handshake()
        await eventually(lambda: listener.state.hub.memory_guard.refusing)
        async with RawClient.connect(listener.port) as late:
            await late.send(upgrade())
            status, head = await late.head()
            assert (status, "Retry-After: 10" in head) == (503, True)
            assert b"server.full" in await late.rest()
        async with RawClient.connect(listener.port) as other:
            await other.send(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await other.head())[0] == 200
        await early.send(b"\x89\x80\x00\x00\x00\x00")
        assert await early.frame() == (10, b"")
