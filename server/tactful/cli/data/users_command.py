"""The commands of `tactful users`: the accounts of the console's operators."""

from typing import TYPE_CHECKING, Any, cast

import click

from tactful.cli.data.account_files import keys_folder, problems
from tactful.cli.data.token_commands import revoke_token, token, tokens
from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text
from tactful.core.values.calendar import format_rfc3339

if TYPE_CHECKING:
    from tactful.runtime.security.operator_accounts import OperatorAccounts, Role

_ROLES = ("viewer", "agent", "merchandiser", "owner")


@click.group()
def users() -> None:
    """List, invite and suspend operators of the console, and make tokens of the HTTP API.

    Everything counts at once, also while the server runs.
    """


@users.command("list", epilog="\b\nExample:\n  tactful users list --data shop-data")
@setting_options("data")
@json_option
def list_(*, json_output: bool, **options: Any) -> None:
    """List the accounts, by name."""
    with problems():
        rows = [
            {
                "name": one.name,
                "role": one.role,
                "state": one.state,
                "second_factor": one.second_factor is not None,
                "created": format_rfc3339(one.created),
            }
            for one in _accounts(options).all()
        ]
    if json_output:
        print_json(rows)
        return
    columns = ("name", "role", "state", "second_factor", "created")
    print_table(columns, (tuple(str(row[name]) for name in columns) for row in rows))


@users.command(epilog="\b\nExample:\n  tactful users invite Ada --role owner --data shop-data")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What the operator may do.")
@setting_options("data", "public_url")
def invite(*, name: str, role: str, **options: Any) -> None:
    """Make an account, and print a one-time link with which its password is set.

    Once an owner has joined, the server key opens the console no more.
    """
    from tactful.runtime.operators import is_reserved

    if is_reserved(name):
        raise CommandError(f"{name} belongs to the server. Choose another name.")
    with problems():
        code = _accounts(options).invite(name, cast("Role", role))
    _print_link(code, options)


@users.command(epilog="\b\nExample:\n  tactful users link Ada --data shop-data")
@click.argument("name")
@setting_options("data", "public_url")
def link(*, name: str, **options: Any) -> None:
    """Print a one-time link with which a password is set anew, and the second factor is removed."""
    with problems():
        code = _accounts(options).invite_again(name)
    _print_link(code, options)


@users.command(epilog="\b\nExample:\n  tactful users role Ada merchandiser --data shop-data")
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@setting_options("data")
def role(*, name: str, role: str, **options: Any) -> None:
    """Change what an operator may do, from the next request on."""
    with problems():
        before = _accounts(options).set_role(name, cast("Role", role))
    print_text(f"{before.name} was {before.role}, and is {role}.")


@users.command(epilog="\b\nExample:\n  tactful users suspend Ada --data shop-data")
@click.argument("name")
@setting_options("data")
def suspend(*, name: str, **options: Any) -> None:
    """Suspend an account at once, and end its logins."""
    with problems():
        before = _accounts(options).suspend(name, suspended=True)
    print_text(f"{before.name} is suspended. `tactful users resume` ends that.")


@users.command(epilog="\b\nExample:\n  tactful users resume Ada --data shop-data")
@click.argument("name")
@setting_options("data")
def resume(*, name: str, **options: Any) -> None:
    """Let a suspended account be used again."""
    with problems():
        before = _accounts(options).suspend(name, suspended=False)
    print_text(f"{before.name} can log in again.")


def _print_link(code: str, options: dict[str, Any]) -> None:
    path = f"/console/join?code={code}"
    url = load_config(options).public_url
    print_text(f"{url.rstrip('/')}{path}" if url else path)
    print_text("Send this link to the operator. It can be used once, within 72 hours.", err=True)
    if url is None:
        print_text("It begins with the server's public address, which is not known.", err=True)


def _accounts(options: dict[str, Any]) -> "OperatorAccounts":
    from tactful.runtime.security.operator_accounts import OperatorAccounts
    from tactful.runtime.system_clock import SystemClock

    return OperatorAccounts(keys_folder(options), SystemClock())


for command in (token, tokens, revoke_token):
    users.add_command(command)
