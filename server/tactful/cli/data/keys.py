"""The commands of `tactful keys`: signing keys, secrets, and the keys of shop plugins."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tactful.cli.shared.data_folder import (
    KEYS_FOLDER,
    LEDGER_FILE,
    count_accepted,
    require_data_folder,
)
from tactful.cli.shared.database import count_accepted_in_database
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text
from tactful.config import Config
from tactful.config.values import ValueProblem, duration
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.counts import counted

if TYPE_CHECKING:
    from tactful.runtime.security.bridge_keys import BridgeKeys
    from tactful.runtime.security.derived_keys import KeyUse
    from tactful.runtime.security.signing_keys import SigningKeys

_SECRET_BYTES: Final = 32
_NO_IDENTITIES: Final = (
    "No identity secret is set here. A server without one tells the plugin no key for identities, and"
    " treats shoppers who are logged in like strangers. Set TACTFUL_IDENTITY_SECRET on the server"
    " (`tactful keys secret` makes one) and restart it before you enter the code."
)


@click.group()
def keys() -> None:
    """List, rotate and revoke keys, make a secret, or pair a shop's plugin."""


@keys.command("list", epilog="\b\nExample:\n  tactful keys list --data shop-data")
@setting_options("data")
@json_option
def list_(*, json_output: bool, **options: Any) -> None:
    """List the signing keys that are accepted now, oldest first.

    The last key signs new offers.
    """
    known = _signing_keys(options).accepted_keys()
    if json_output:
        print_json(
            [
                {
                    "kid": key.kid,
                    "created": format_rfc3339(key.created),
                    "accepted_until": _accepted_until(key.until),
                }
                for key in known
            ]
        )
    else:
        print_table(
            ("kid", "created", "accepted until"),
            (
                (key.kid, format_rfc3339(key.created), _accepted_until(key.until) or "signs now")
                for key in known
            ),
        )


def _accepted_until(until: int | None) -> str | None:
    return None if until is None else format_rfc3339(until)


@keys.command(epilog="\b\nExample:\n  tactful keys rotate --data shop-data --overlap 31d")
@setting_options("data")
@click.option(
    "--overlap",
    metavar="TIME",
    default="31d",
    show_default=True,
    help="How long the old key is still accepted.",
)
def rotate(*, overlap: str, **options: Any) -> None:
    """Make a new key that signs from now on, also in a running server.

    Offers that the old key signed stay valid during the overlap.
    """
    try:
        length = duration().parse(overlap)
    except ValueProblem as problem:
        raise click.BadParameter(str(problem), param_hint="--overlap") from problem
    known = _signing_keys(options)
    with _key_file_errors(), _unwritable(options):
        key = known.rotate(length)
    print_text(f"Key {key.kid} signs from now on.")


@keys.command(epilog="\b\nExample:\n  tactful keys revoke 3f9a1c --data shop-data")
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Revoke without asking for confirmation.")
@setting_options("data")
def revoke(*, kid: str, yes: bool, **options: Any) -> None:
    """Stop accepting a key at once: a signing key, or the key of a plugin.

    A plugin whose key is revoked can no longer report facts or redeem offers, and must be paired anew.
    Every offer that a signing key signed becomes invalid and can no longer be redeemed. The command
    says how many accepted offers that may be, and asks.
    """
    with _unwritable(options):
        if _plugin_keys(options).revoke(kid):
            print_text(f"The key {kid} of a plugin is no longer accepted.")
            return
    known = _signing_keys(options)
    ending = _accepted_under(kid, known, load_config(options))
    lost = counted(ending, "accepted offer")
    question = f"Revoke key {kid}? Up to {lost} can no longer be redeemed. This cannot be undone"
    if not yes and not click.confirm(question):
        raise CommandError("No key was revoked, because the question was answered with no.")
    with _key_file_errors(), _unwritable(options):
        known.revoke(kid)
    print_text(f"Key {kid} is no longer accepted.")


def _accepted_under(kid: str, known: "SigningKeys", config: Config) -> int:
    """Return how many offers were accepted while a key signed, and have not ended."""
    keys = known.accepted_keys()
    place = next((number for number, key in enumerate(keys) if key.kid == kid), None)
    file = require_data_folder(config.data) / LEDGER_FILE
    if place is None:
        return 0
    later = [key.created for key in keys[place + 1 :]]
    since, until = keys[place].created, later[0] if later else None
    if config.ledger is not None:
        return count_accepted_in_database(config.ledger, since, until)
    return count_accepted(file, since, until) if file.is_file() else 0


@keys.command(
    epilog="\b\nExample:\n  tactful keys pair --platform woo --public-url https://offers.shop.example"
)
@click.option("--platform", required=True, metavar="NAME", help="Kind of shop, such as woo.")
@click.option(
    "--for",
    "length",
    metavar="TIME",
    default="15m",
    show_default=True,
    help="How long the code can be used.",
)
@setting_options("data", "public_url")
def pair(*, platform: str, length: str, **options: Any) -> None:
    """Print a one-time code for a shop's plugin, also while the server runs.

    The plugin exchanges the code for a key of its own, which may report facts and redeem offers.
    If the server has an identity secret, it also gets a key that signs who is logged in.
    """
    try:
        life = duration().parse(length)
    except ValueProblem as problem:
        raise click.BadParameter(str(problem), param_hint="--for") from problem
    config = load_config(options)
    url = config.public_url
    if url is None:
        raise CommandError(
            "The server's public address is not known. Name it with --public-url or TACTFUL_PUBLIC_URL."
        )
    with _key_file_errors(), _unwritable(options):
        code = _plugin_keys(options).new_code(platform, url.rstrip("/"), life)
    print_text(code)
    print_text(f"Enter this code in the plugin. It can be used once, within {length}.", err=True)
    if config.identity_secret is None:
        print_text(_NO_IDENTITIES, err=True)


@keys.command(epilog="\b\nExample:\n  tactful keys plugins --data shop-data")
@setting_options("data")
@json_option
def plugins(*, json_output: bool, **options: Any) -> None:
    """List the keys of paired plugins, oldest first."""
    with _key_file_errors():
        rows = [
            {
                "id": one.ident,
                "platform": one.file.platform,
                "shop": one.file.shop,
                "scopes": list(one.file.scopes),
                "created": format_rfc3339(one.file.created),
            }
            for one in _plugin_keys(options).accepted_keys()
        ]
    if json_output:
        print_json(rows)
        return
    columns = ("id", "platform", "shop", "created")
    print_table(columns, (tuple(str(row[name]) for name in columns) for row in rows))


@keys.command(epilog="\b\nExample:\n  export TACTFUL_SERVER_KEY=$(tactful keys secret)")
def secret() -> None:
    """Print a new random secret, for server_key or identity_secret."""
    print_text(secrets.token_urlsafe(_SECRET_BYTES))


@keys.command(epilog="\b\nExample:\n  tactful keys derive identity-hmac")
@click.argument("use", type=click.Choice(["identity-hmac", "links"]))
@setting_options()
def derive(*, use: "KeyUse", **options: Any) -> None:
    """Print the key of one use of the identity secret, for a template or a newsletter program."""
    from tactful.runtime.security.derived_keys import derived_key  # cryptography is slow to import

    shared = load_config(options).identity_secret
    if shared is None:
        raise CommandError("No identity secret is set. Set TACTFUL_IDENTITY_SECRET.")
    print_text(derived_key(shared, use))


def _key_file_errors() -> AbstractContextManager[None]:
    from tactful.runtime.security.key_files import KeyFileError  # cryptography is slow to import

    return exit_on(KeyFileError)


@contextmanager
def _unwritable(options: dict[str, Any]) -> Iterator[None]:
    """Turn an error of the system into one that names the folder and says what to do."""
    try:
        yield
    except OSError as error:
        folder = _keys_folder(load_config(options).data)
        raise CommandError(
            f"{folder}: The key cannot be written: {error.strerror}. Nothing was changed. Free some"
            " space, or give this user the right to write there, and repeat the command."
        ) from error


def _signing_keys(options: dict[str, Any]) -> "SigningKeys":
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.system_clock import SystemClock

    with _key_file_errors(), _unwritable(options):
        return SigningKeys(_keys_folder(load_config(options).data), SystemClock())


def _plugin_keys(options: dict[str, Any]) -> "BridgeKeys":
    from tactful.runtime.security.bridge_keys import BridgeKeys
    from tactful.runtime.system_clock import SystemClock

    _signing_keys(options)  # makes the folder, or says why it must not be used
    return BridgeKeys(_keys_folder(load_config(options).data), SystemClock())


def _keys_folder(data: Path | None) -> Path:
    if data is None:
        raise CommandError("No data folder is set. Name it with --data or TACTFUL_DATA.")
    if not data.is_dir():
        raise CommandError(f"{data}: This folder does not exist. Name the server's data folder.")
    return data / KEYS_FOLDER
