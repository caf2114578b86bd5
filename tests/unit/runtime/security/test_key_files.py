"""Files with secrets: written once, in one step, and read only if nobody else can reach them."""

from pathlib import Path

import pytest
from msgspec import Struct

from tactful.runtime.security.key_files import KeyFileError, read_file, read_if_there, write_new


class Content(Struct, frozen=True):
    """A file."""

    text: str


def test_a_file_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    assert write_new(path, Content("a"))
    assert not write_new(path, Content("b"))
    assert read_file(path, Content) == Content("a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]


@pytest.mark.parametrize(
    ("problem", "text", "mode"),
    [("missing", None, 0), ("mode", "{}", 0o640), ("damaged", "{}", 0o600), ("damaged", "", 0o600)],
)
def test_a_file_that_must_not_be_used_is_named(
    tmp_path: Path, problem: str, text: str | None, mode: int
) -> None:
    path = tmp_path / "one.json"
    if text is not None:
        path.write_text(text, "utf-8")
        path.chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        read_file(path, Content)
    assert (caught.value.problem, caught.value.path) == (problem, path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write_new(tmp_path / "one.json", Content("a"))
    (tmp_path / "link.json").symlink_to(tmp_path / "one.json")
    with pytest.raises(KeyFileError):
        read_file(tmp_path / "link.json", Content)


def test_a_file_may_be_missing_but_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    assert read_if_there(path, Content) is None
    write_new(path, Content("a"))
    assert read_if_there(path, Content) == Content("a")
    path.write_text("{", "utf-8")
    with pytest.raises(KeyFileError, match="damaged"):
        read_if_there(path, Content)
