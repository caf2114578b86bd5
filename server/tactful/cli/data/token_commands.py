"""The commands of `tactful users` for the tokens of the HTTP API."""

from typing import TYPE_CHECKING, Any, cast

import click

from tactful.cli.data.account_files import keys_folder, problems
from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text
from tactful.core.values.calendar import DAY, format_rfc3339

if TYPE_CHECKING:
    from tactful.runtime.security.api_tokens import ApiTokens, TokenScope

_SCOPES = (
    "facts:write", "redeem", "why:read", "decisions:read", "rules:read", "rules:write", "operate",
    "metrics", "people:erase",
)  # fmt: skip


@click.command(
    epilog="\b\nExample:\n  tactful users token warehouse --scope facts:write --data shop-data"
)
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(_SCOPES), multiple=True, required=True,
    help="What the token may do; can be given several times.",
)  # fmt: skip
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    help="How long it can be used; else until it is revoked.",
)
@setting_options("data")
@json_option
def token(
    *, name: str, scopes: tuple[str, ...], days: int | None, json_output: bool, **options: Any
) -> None:
    """Make a token of the HTTP API for a system of the shop, and print it once."""
    with problems():
        life = None if days is None else days * DAY
        ident, made = _tokens(options).issue(name, cast("tuple[TokenScope, ...]", scopes), life)
    if json_output:
        print_json({"id": ident, "token": made})
        return
    print_text(made)
    print_text(
        f"It is shown once. `tactful users revoke-token {ident}` stops accepting it.", err=True
    )


@click.command(epilog="\b\nExample:\n  tactful users tokens --data shop-data")
@setting_options("data")
@json_option
def tokens(*, json_output: bool, **options: Any) -> None:
    """List the tokens of the HTTP API with their scopes and their last use."""
    with problems():
        rows = [
            {
                "id": one.ident,
                "name": one.file.name,
                "scopes": list(one.file.scopes),
                "created": format_rfc3339(one.file.created),
                "ends": format_rfc3339(one.file.ends_at) if one.file.ends_at else None,
                "used": format_rfc3339(one.used_at) if one.used_at else None,
            }
            for one in _tokens(options).all()
        ]
    if json_output:
        print_json(rows)
        return
    head = ("id", "name", "scopes", "created", "ends", "used")
    print_table(
        head,
        (
            (
                str(row["id"]), str(row["name"]), " ".join(row["scopes"] or ()), str(row["created"]),
                str(row["ends"] or "–"), str(row["used"] or "never"),
            )
            for row in rows
        ),
    )  # fmt: skip


@click.command(
    "revoke-token",
    epilog="\b\nExample:\n  tactful users revoke-token 3f9a1c07b2d4 --data shop-data",
)
@click.argument("ident", metavar="ID")
@setting_options("data")
def revoke_token(*, ident: str, **options: Any) -> None:
    """Stop accepting a token at once."""
    with problems():
        revoked = _tokens(options).revoke(ident)
    if revoked is None:
        raise CommandError(f"There is no token {ident}. `tactful users tokens` lists them.")
    print_text(f"The token of {revoked.name} is not accepted any more.")


def _tokens(options: dict[str, Any]) -> "ApiTokens":
    from tactful.runtime.security.api_tokens import ApiTokens
    from tactful.runtime.system_clock import SystemClock

    return ApiTokens(keys_folder(options), SystemClock())
