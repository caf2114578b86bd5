"""Near its memory's limit a server takes in nobody new, and goes on serving who is there."""

from structlog.testing import capture_logs

from support.raw_connections import RawClient, eventually, running_listener, upgrade
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.memory_guard import MemoryGuard, cgroup_limit, resident_bytes

QUICK = {"sweep_ms": 50, "linger_ms": 200}


class Used:
    """An amount of memory that a test sets."""

    def __init__(self, used=0):
        self.used = used

    def __call__(self):
        return self.used


def test_without_a_limit_there_is_always_room():
    memory = MemoryGuard(None, used=Used(2**62))
    memory.check(1)
    assert not memory.refusing


def test_at_nine_tenths_of_the_limit_it_is_short_and_says_so_once():
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


def test_what_some_have_left_others_may_take_though_the_process_has_given_nothing_back():
    used = Used(950)
    memory = MemoryGuard(1_000, used=used)
    memory.check(100)
    assert memory.refusing
    memory.check(94)
    assert not memory.refusing
    memory.check(96)
    assert memory.refusing


def test_memory_that_grows_on_takes_fewer():
    used = Used(900)
    memory = MemoryGuard(1_000, used=used)
    memory.check(100)
    used.used = 950
    memory.check(80)
    assert memory.refusing
    memory.check(75)
    assert not memory.refusing


def test_the_least_that_a_group_around_the_process_allows_is_what_it_may_have(tmp_path):
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


def test_where_there_are_no_groups_nothing_is_granted(tmp_path):
    assert cgroup_limit(tmp_path, tmp_path / "none") is None


def test_what_is_resident_is_counted_in_bytes():
    assert 4 * 2**20 < resident_bytes() < 64 * 2**30


async def test_a_session_is_refused_and_all_else_goes_on():
    limits = AdmissionLimits(memory_bytes=1, **QUICK)
    async with running_listener(limits=limits) as door, RawClient.connect(door.port) as early:
        await early.open()
        await eventually(lambda: door.state.hub.memory_guard.refusing)
        async with RawClient.connect(door.port) as late:
            await late.send(upgrade())
            status, head = await late.head()
            assert (status, "Retry-After: 10" in head) == (503, True)
            assert b"server.full" in await late.rest()
        async with RawClient.connect(door.port) as other:
            await other.send(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await other.head())[0] == 200
        await early.send(b"\x89\x80\x00\x00\x00\x00")
        assert await early.frame() == (10, b"")
