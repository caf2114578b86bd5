"""The format of a backup: every byte is checked, and only known members are read."""

import gzip
import hashlib
import io
import random  # noqa: TID251 -- seeded, so a test is the same in each run
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from support.backup_files import backed_up
from support.manual_runner import ROOT
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared import backup_archive
from tactful.stores.shared.backup_archive import (
    LARGEST_SMALL_MEMBER,
    MOST_MEMBERS,
    Manifest,
    Member,
    open_private,
    read_archive,
    unpack_archive,
    verify_archive,
    write_archive,
)

CONTENTS = {
    "tactful.db": random.Random(1).randbytes(100),
    "tactful.db.erasures": b"",
    "keys/000001.key.json": b"{}",
}


def packed(folder: Path, contents: dict[str, bytes] = CONTENTS) -> Path:
    """A backup with these members."""
    files = {}
    for number, (name, content) in enumerate(contents.items()):
        files[name] = folder / f"member-{number}"
        files[name].write_bytes(content)
    with (folder / "b.tar.gz").open("wb") as target:
        write_archive(target, files, made_at=1_000, version="0.2.0")
    return folder / "b.tar.gz"


def hostile(folder: Path, *members: tuple[tarfile.TarInfo, bytes], end: bytes = b"") -> Path:
    """An archive of any members, whose end states the right digest."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for header, content in members:
            archive.addfile(header, io.BytesIO(content))
    body = gzip.compress(plain.getvalue() + end)
    trailer = backup_archive._TRAILER_HEAD + hashlib.sha256(body).digest()
    path = folder / "hostile.tar.gz"
    path.write_bytes(body + trailer + backup_archive._TRAILER_END)
    return path


def member(
    name: str, content: bytes, kind: bytes = tarfile.REGTYPE
) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.size, header.type = len(content), kind
    return header, content


def manifest(
    *listed: tuple[tarfile.TarInfo, bytes], number: int = 2
) -> tuple[tarfile.TarInfo, bytes]:
    """A manifest that describes these members rightly."""
    members = {
        header.name: Member(len(content), hashlib.sha256(content).hexdigest())
        for header, content in listed
    }
    return member(
        "manifest.json",
        msgspec.json.encode(Manifest(format=number, made_at=0, version="9.9.9", members=members)),
    )


def is_accepted(path: Path) -> bool:
    try:
        verify_archive(path)
    except LedgerError:
        return False
    return True


LEDGER = member("tactful.db", b"ledger")


def test_what_is_packed_is_unpacked_into_private_files(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    reported: list[tuple[int, int]] = []
    found = unpack_archive(
        packed(tmp_path), tmp_path / "new", lambda done, whole: reported.append((done, whole))
    )
    assert found
    assert (found.format, found.made_at, found.version) == (2, 1_000, "0.2.0")
    assert found.members.keys() == CONTENTS.keys()
    for name, content in CONTENTS.items():
        assert (tmp_path / "new" / name).read_bytes() == content
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / "keys").stat().st_mode & 0o777 == 0o700
    assert reported[-1][0] <= reported[-1][1]


def test_ordinary_tools_can_read_a_backup(tmp_path: Path) -> None:
    path = packed(tmp_path)
    listed = subprocess.run(["tar", "tzf", path], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == ["manifest.json", *CONTENTS]
    with tarfile.open(path) as archive:
        content = archive.extractfile("tactful.db")
        assert content
        assert content.read() == CONTENTS["tactful.db"]


def test_a_changed_bit_of_any_byte_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path).read_bytes()
    assert is_accepted(tmp_path / "b.tar.gz")
    chance = random.Random(7)
    damaged = tmp_path / "damaged"
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(changed)
        assert not is_accepted(damaged), place


def test_a_shorter_or_longer_file_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path).read_bytes()
    damaged = tmp_path / "damaged"
    for length in range(len(whole)):
        damaged.write_bytes(whole[:length])
        assert not is_accepted(damaged), length
    for more in (b"\0", b"x", bytes(1024), whole, gzip.compress(b""), whole[-58:]):
        damaged.write_bytes(whole + more)
        assert not is_accepted(damaged), more


@pytest.mark.thorough
def test_a_thousand_random_changes_of_a_real_backup_are_refused(tmp_path: Path) -> None:
    whole = backed_up(tmp_path, "A", "B", customers=("c-1", "c-2")).read_bytes()
    chance = random.Random(2026)
    damaged, accepted = tmp_path / "damaged", []
    for number in range(1_000):
        changed = bytearray(whole)
        match number % 4:
            case 0 | 1:
                changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            case 2:
                del changed[chance.randrange(len(whole)) :]
            case _:
                del changed[len(whole) - chance.randint(1, 9) :]
        damaged.write_bytes(changed)
        if is_accepted(damaged):
            accepted.append(number)
    assert accepted == []


def test_a_backup_of_release_0_1_0_is_read_to_its_end(tmp_path: Path) -> None:
    whole = (ROOT / "tests" / "fixtures" / "upgrade" / "0.1.0" / "backup").read_bytes()
    damaged = tmp_path / "damaged"
    damaged.write_bytes(whole)
    assert verify_archive(damaged) is None
    for cut in range(1, 10):
        damaged.write_bytes(whole[:-cut])
        assert not is_accepted(damaged), cut
    damaged.write_bytes(whole + b"x")
    assert not is_accepted(damaged)


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "content of another digest": (
        lambda folder: hostile(folder, manifest(member("tactful.db", b"LEDGER")), LEDGER),
        "has another digest",
    ),
    "member of another length": (
        lambda folder: hostile(folder, manifest(member("tactful.db", b"")), LEDGER),
        "does not describe tactful.db",
    ),
    "member that is not listed": (
        lambda folder: hostile(folder, manifest(LEDGER), LEDGER, member("keys/holder.json", b"")),
        "does not describe keys/holder.json",
    ),
    "member that is missing": (
        lambda folder: hostile(folder, manifest(LEDGER, member("keys/holder.json", b"")), LEDGER),
        "holds no 'keys/holder.json'",
    ),
    "no ledger": (lambda folder: hostile(folder, manifest()), "holds no 'tactful.db'"),
    "no manifest": (lambda folder: hostile(folder, LEDGER), "do not belong together"),
    "two manifests": (
        lambda folder: hostile(folder, manifest(LEDGER), manifest(LEDGER), LEDGER),
        "once too often",
    ),
    "a manifest that is no manifest": (
        lambda folder: hostile(folder, member("manifest.json", b"[]"), LEDGER),
        "manifest cannot be read",
    ),
    "a deeply nested manifest": (
        lambda folder: hostile(folder, member("manifest.json", b'{"x":' + b"[" * 200_000), LEDGER),
        "manifest cannot be read",
    ),
    "terminal escapes in the manifest": (
        lambda folder: hostile(
            folder,
            member(
                "manifest.json",
                b'{"format":2,"made_at":0,"version":"\\u001b[2J","members":{}}',
            ),
            LEDGER,
        ),
        "manifest cannot be read",
    ),
    "a newer format": (
        lambda folder: hostile(folder, manifest(LEDGER, number=3), LEDGER),
        "Use release 9.9.9",
    ),
    "a large manifest": (
        lambda folder: hostile(folder, member("manifest.json", bytes(LARGEST_SMALL_MEMBER + 1))),
        "which cannot be",
    ),
    "a long name": (
        lambda folder: hostile(folder, manifest(LEDGER), member("keys/" + "9" * 200, b"")),
        "it contains '././@LongLink'",
    ),
    "more behind the end": (
        lambda folder: hostile(folder, manifest(LEDGER), LEDGER, end=b"more"),
        "follows its last member",
    ),
    "endless zeros behind the end": (
        lambda folder: hostile(folder, manifest(LEDGER), LEDGER, end=bytes(50_000)),
        "follows its last member",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_with_a_right_digest_is_refused(tmp_path: Path, case: str) -> None:
    made, why = HOSTILE[case]
    with pytest.raises(LedgerError, match=why):
        verify_archive(made(tmp_path))


def test_a_negative_length_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("tactful.db")
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xfe\x00"  # a negative number in the notation of GNU tar
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    path = tmp_path / "negative.tar.gz"
    path.write_bytes(gzip.compress(bytes(block) + bytes(10_240)))
    with pytest.raises(LedgerError, match="has -512 bytes"):
        verify_archive(path)


def test_a_large_extended_header_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "pax.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        header = tarfile.TarInfo("tactful.db")
        header.pax_headers = {"comment": "x" * (LARGEST_SMALL_MEMBER + 1)}
        archive.addfile(header)
    with pytest.raises(LedgerError, match="This is not a Tactful backup"):
        verify_archive(path)


def test_a_thousand_members_are_the_most(tmp_path: Path) -> None:
    keys = [member(f"keys/{number:06}.key.json", b"") for number in range(MOST_MEMBERS)]
    with pytest.raises(LedgerError, match="once too often"):
        verify_archive(hostile(tmp_path, manifest(LEDGER, *keys), LEDGER, *keys))


def test_a_member_is_passed_on_only_where_the_sink_wants_it(tmp_path: Path) -> None:
    asked: dict[str, int] = {}
    read_archive(packed(tmp_path), lambda name, size: asked.update({name: size}))
    assert asked == {name: len(content) for name, content in CONTENTS.items()}


def test_a_private_file_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            open_private(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_a_member_that_does_not_fit_on_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    monkeypatch.setattr(backup_archive, "_free_bytes", lambda _folder: 50)
    with pytest.raises(LedgerError, match="Free some space"):
        unpack_archive(packed(tmp_path), tmp_path / "new")
    assert not (tmp_path / "new" / "tactful.db").exists()
