"""A start waits while the disk is full, and only then."""

import errno

import pytest
from structlog.testing import capture_logs

from tactful.runtime import disk_room
from tactful.runtime.disk_room import wait_for_room
from tactful.runtime.ports.ledger import LedgerError, LedgerFullError


class Disk:
    """A disk on which some attempts fail before one succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def attempt(self) -> str:
        """Fail with the next error; without one, succeed."""
        if self.errors:
            raise self.errors.pop(0)
        return "written"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_room, "POLL_S", 0)


async def test_an_attempt_that_succeeds_at_once_is_not_reported() -> None:
    with capture_logs() as logged:
        assert await wait_for_room(Disk().attempt) == "written"
    assert logged == []


async def test_an_attempt_is_repeated_until_there_is_room_and_reported_once() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "keys/0001.json")
    disk = Disk(LedgerFullError("l"), full, OSError(errno.EDQUOT, "Disk quota exceeded"))
    with capture_logs() as logged:
        assert await wait_for_room(disk.attempt) == "written"
    assert [line["event"] for line in logged] == ["disk.waiting", "disk.recovered"]
    with capture_logs() as logged:
        await wait_for_room(Disk(full).attempt)
    assert logged[0]["error"] == "keys/0001.json: No space left on device"


@pytest.mark.parametrize("error", [LedgerError("damaged"), PermissionError(13, "no"), ValueError()])
async def test_another_error_ends_the_attempt(error: Exception) -> None:
    with pytest.raises(type(error)):
        await wait_for_room(Disk(error).attempt)
