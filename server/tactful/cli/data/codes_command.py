"""The command `tactful codes`: pools of single-use discount codes on a running server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click
import msgspec

from tactful.cli.shared.errors import CommandError, NegativeAnswerError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text
from tactful.core.values.counts import counted

AT_ONCE: Final = 10_000
"""Codes of one request."""
SHOWN_PROBLEMS: Final = 20
"""Lines that cannot be imported and are named one by one."""


def _server_command(function: Callable[..., None]) -> Any:
    """Add the options with which a command addresses a running server."""
    return url_option(setting_options()(json_option(function)))


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n  tactful codes\n  tactful codes import spring.csv --pool spring-15",
)
@_server_command
@click.pass_context
def codes(ctx: click.Context, /, *, url: str | None, json_output: bool, **options: Any) -> None:
    """List the pools of discount codes, and how many codes of each are free."""
    if ctx.invoked_subcommand is not None:
        return
    with ServerClient(load_config(options), url) as server:
        answer = server.get("/v1/codes")
    if json_output:
        print_json(answer)
    elif not answer["pools"]:
        print_text("There is no pool. Import codes with `tactful codes import FILE --pool POOL`.")
    else:
        print_table(
            ("pool", "free", "reserved", "handed out", "used", "withdrawn", "ended", "rules"),
            (
                (
                    one["pool"],
                    *(f"{one[name]:,}" for name in _COUNTED),
                    ", ".join(one["rules"]) or "–",
                )
                for one in answer["pools"]
            ),
        )


_COUNTED: Final = ("free", "reserved", "handed_out", "used", "withdrawn", "ended")


@codes.command(
    "import", epilog="\b\nExample:\n  tactful codes import spring.csv --pool spring-15 --dry-run"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--pool", metavar="POOL", required=True, help="The pool, as rules name it in `codes`."
)
@click.option(
    "--ends", metavar="DATE",
    help="Last day on which the platform takes the codes, if the file has no column `ends_at`.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@_server_command
def import_(
    *, file: Path, pool: str, ends: str | None, dry_run: bool, url: str | None,
    json_output: bool, **options: Any,
) -> None:  # fmt: skip
    """Import single-use discount codes: one a line, or a CSV with a column `code`.

    A code that is known already is skipped, so a command that was interrupted can be repeated.
    """
    from tactful.connectors.files.code_lists import end_of, read_codes
    from tactful.core.values.calendar import CalendarError, format_rfc3339

    config = load_config(options)
    zone = config.policy.timezone
    try:
        text = file.read_text("utf-8-sig")
        listed = [*read_codes(text, zone, end_of(ends, zone) if ends else None)]
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: The file is not text in UTF-8.") from error
    except CalendarError as error:
        raise CommandError(f"--ends: {error}.") from error
    problems = [(one.line, one.problem) for one in listed if one.code is None]
    found = [(one.line, one.code) for one in listed if one.code is not None]
    added, known, free = 0, 0, 0
    with ServerClient(config, url) as server:
        for start in range(0, len(found), AT_ONCE):
            part = found[start : start + AT_ONCE]
            body = {
                "codes": [
                    {"code": code.code, "ends_at": code.ends_at and format_rfc3339(code.ends_at)}
                    for _, code in part
                ],
                "dry_run": dry_run,
            }
            path = f"/v1/codes/{quote(pool, safe='')}"
            answer = server.request("POST", path, msgspec.json.encode(body), "application/json")
            added, known = added + answer["added"], known + len(answer["known"])
            free = answer["free"]
            problems += [(part[one["index"]][0], one["message"]) for one in answer["rejected"]]
    problems.sort()
    if json_output:
        print_json(
            {
                "pool": pool,
                "added": added,
                "known": known,
                "free": free,
                "problems": [{"line": line, "message": text} for line, text in problems],
            }
        )
    else:
        _print_import(pool, (added, known, free), problems, dry_run=dry_run)
    if problems:
        raise NegativeAnswerError(f"{file}: {counted(len(problems), 'line')} not imported.")


def _print_import(
    pool: str, counts: tuple[int, int, int], problems: list[tuple[int, str]], *, dry_run: bool
) -> None:
    added, known, free = counts
    done = "would be added" if dry_run else "added"
    print_text(f"{pool}: {counted(added, 'code')} {done}, {known:,} known already, {free:,} free.")
    for line, text in problems[:SHOWN_PROBLEMS]:
        print_text(f"  line {line}: {text}")
    if len(problems) > SHOWN_PROBLEMS:
        print_text(f"  and {counted(len(problems) - SHOWN_PROBLEMS, 'further line')}")


@codes.command(epilog="\b\nExample:\n  tactful codes withdraw spring-15")
@click.argument("pool")
@_server_command
def withdraw(*, pool: str, url: str | None, json_output: bool, **options: Any) -> None:
    """Give no code of a pool to further offers. Offers that have a code keep it."""
    with ServerClient(load_config(options), url) as server:
        answer = server.request("DELETE", f"/v1/codes/{quote(pool, safe='')}")
    if json_output:
        print_json(answer)
    else:
        print_text(f"{pool}: {counted(answer['withdrawn'], 'free code')} withdrawn.")
