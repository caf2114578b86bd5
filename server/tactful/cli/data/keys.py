"""`tactful keys`: which keys sign offers, and how is one replaced?"""

import secrets
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table
from tactful.config.values import ValueProblem, duration
from tactful.core.values.calendar import format_rfc3339

_SECRET_BYTES: Final = 32


@click.group()
def keys() -> None:
    """List, rotate and revoke the keys that sign offers; make a secret."""


@keys.command("list", epilog="\b\nExample:\n  tactful keys list --data shop-data")
@setting_options("data")
@json_option
def list_(*, json_output: bool, **options: Any) -> None:
    """The keys that are accepted now, oldest first; the last one signs."""
    rows = [
        {
            "kid": key.kid,
            "created": format_rfc3339(key.created),
            "accepted_until": format_rfc3339(key.until) if key.until is not None else None,
        }
        for key in _signing_keys(options).known()
    ]
    if json_output:
        print_json(rows)
    else:
        print_table(
            ("kid", "created", "accepted until"),
            ([r["kid"], r["created"], r["accepted_until"] or "it signs"] for r in rows),
        )


@keys.command(epilog="\b\nExample:\n  tactful keys rotate --data shop-data --overlap 31d")
@setting_options("data")
@click.option(
    "--overlap", default="31d", show_default=True, help="How long the old key still holds."
)
def rotate(*, overlap: str, **options: Any) -> None:
    """Sign with a new key from now on, also in a running server; offers in flight stay good."""
    try:
        length = duration().parse(overlap)
    except ValueProblem as problem:
        raise CommandError(f"--overlap is {overlap!r}: {problem}") from problem
    opened = _signing_keys(options)
    with _key_file_errors():
        click.echo(f"{opened.rotate(length).kid} signs now.")


@keys.command(epilog="\b\nExample:\n  tactful keys revoke 3f9a1c --data shop-data")
@click.argument("kid")
@setting_options("data")
def revoke(*, kid: str, **options: Any) -> None:
    """Accept a key no more, from now on; every offer that it signed becomes worthless."""
    with _key_file_errors():
        _signing_keys(options).revoke(kid)
    click.echo(f"{kid} is accepted no more.")


@keys.command(epilog="\b\nExample:\n  export TACTFUL_SERVER_KEY=$(tactful keys secret)")
def secret() -> None:
    """Print a fresh random secret, for server_key or identity_secret."""
    click.echo(secrets.token_urlsafe(_SECRET_BYTES))


def _key_file_errors() -> Any:
    from tactful.runtime.security.signing_keys import KeyFileError  # cryptography is slow to import

    return exit_on(KeyFileError)


def _signing_keys(options: dict[str, Any]) -> Any:
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.timers import SystemClock

    with _key_file_errors():
        return SigningKeys(keys_folder(load_config(options).data), SystemClock())


def keys_folder(data: Path | None) -> Path:
    """Where a data folder keeps its keys; Failure when there is none."""
    if data is None:
        raise CommandError("no data folder: name one with --data or TACTFUL_DATA")
    if not data.is_dir():
        raise CommandError(f"{data}: there is no such folder; name the server's data folder")
    return data / "keys"
