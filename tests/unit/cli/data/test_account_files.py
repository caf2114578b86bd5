"""The folder of accounts and tokens is that of the shop's keys."""

from pathlib import Path

import pytest

from tactful.cli.data.account_files import keys_folder, problems
from tactful.cli.shared.errors import CommandError
from tactful.runtime.security.api_tokens import UnusableTokenError


def test_the_folder_is_made_in_the_data_folder(tmp_path: Path) -> None:
    assert keys_folder({"data": str(tmp_path)}) == tmp_path / "keys"
    assert (tmp_path / "keys").is_dir()


def test_a_data_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        keys_folder({"data": str(tmp_path / "none")})


def test_a_refusal_is_an_error_of_the_command() -> None:
    with pytest.raises(CommandError, match="no scope"), problems():
        raise UnusableTokenError("no scope")
