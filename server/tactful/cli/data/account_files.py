"""The folder of accounts and tokens, and the refusals of commands that change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tactful.cli.shared.data_folder import KEYS_FOLDER
from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import load_config


@contextmanager
def problems() -> Iterator[None]:
    """Turn a refusal, a damaged file and an error of the system into one line."""
    from tactful.runtime.security.api_tokens import UnusableTokenError
    from tactful.runtime.security.key_files import KeyFileError
    from tactful.runtime.security.operator_accounts import UnusableAccountError

    try:
        yield
    except (KeyFileError, UnusableAccountError, UnusableTokenError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"The account cannot be written: {error.strerror}.") from error


def keys_folder(options: dict[str, Any]) -> Path:
    """Return the folder of the shop's keys, which exists and may be used.

    Raises:
        CommandError: No data folder is named, or it does not exist.
        KeyFileError: The folder of keys must not be used.
    """
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.system_clock import SystemClock

    data = load_config(options).data
    if data is None:
        raise CommandError("No data folder is set. Name it with --data or TACTFUL_DATA.")
    if not data.is_dir():
        raise CommandError(f"{data}: This folder does not exist. Name the server's data folder.")
    SigningKeys(
        data / KEYS_FOLDER, SystemClock()
    )  # makes the folder, or says why it must not be used
    return data / KEYS_FOLDER
