"""The name that a data folder gives its server."""

import shutil
from pathlib import Path

from tactful.stores.shared.server_name import folder_digest, server_name


def test_a_folder_keeps_its_name_and_another_has_another(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert server_name(tmp_path) == server_name(tmp_path)
    assert server_name(tmp_path) != server_name(tmp_path / "other")


def test_a_copy_of_a_folder_has_its_name_and_another_digest(tmp_path: Path) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    digest = folder_digest(first)
    assert folder_digest(first) == digest
    shutil.copytree(first, copy)
    assert server_name(copy) == server_name(first)
    assert folder_digest(copy) != digest
