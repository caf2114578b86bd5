"""`tactful rules`: check, lay out, explain and compare rule files."""

import sys
from importlib import resources
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.rules.backtest import backtest
from tactful.cli.rules.rule_folder import collect_files, compile_files, require_rulebook
from tactful.cli.rules.testing import coverage, test
from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError
from tactful.cli.shared.options import setting_options
from tactful.rulebook.authoring.describe import describe_fields, describe_rule
from tactful.rulebook.authoring.diff import diff_rulebooks
from tactful.rulebook.authoring.formatter import format_file
from tactful.rulebook.authoring.json_schema import schema_text
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.language.scalars import ID, ID_HELP
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.source.diagnostics import nearest
from tactful.rulebook.source.reports import FORMATS, lines_of

_PATH: Final = click.Path(path_type=Path)
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_SCHEMA: Final = "rules.schema.json"


@click.group()
def rules() -> None:
    """Check, lay out, test, explain and compare rule files.

    Without PATHS, the folder of the configuration is meant, or `rules`.
    """


rules.add_command(test)
rules.add_command(coverage)
rules.add_command(backtest)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules check\n  tactful rules check rules --format sarif > rules.sarif\n  tactful rules check --explain R203"
)
@click.argument("paths", nargs=-1, type=_PATH)
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True
)
@click.option("--facts", type=_FILE, help="A catalogue, one fact a line, to judge prices by.")
@click.option("--at", metavar="TIME", help="As of then, such as 2026-03-10T12:00:00Z.")
@click.option("--errors-only", is_flag=True, help="Leave warnings out.")
@click.option("--explain", "code", metavar="CODE", help="Say what a finding means, and end.")
@setting_options()
def check(
    *,
    paths: tuple[Path, ...],
    form: str,
    facts: Path | None,
    at: str | None,
    errors_only: bool,
    code: str | None,
    **options: Any,
) -> None:
    """Find everything that is wrong with rule files. Exit code 0: clean, 1: findings, 2: could not run."""
    if code is not None:
        click.echo(finding_page(code), nl=False)
        return
    files = collect_files(paths, options)
    found = [
        one
        for one in compile_files(files.rules, options, at, facts).diagnostics
        if one.path in files.selected and (one.severity == "error" or not errors_only)
    ]
    click.echo(FORMATS[form](found, lines_of(files.texts)), nl=False)
    if found:
        sys.exit(EXIT_NEGATIVE)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules fmt\n  tactful rules fmt --check rules/spring.yaml"
)
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if it would.")
@setting_options()
def fmt(*, paths: tuple[Path, ...], only_check: bool, **options: Any) -> None:
    """Lay out rule files and their tests in the one way that all are, with every comment kept."""
    files = collect_files(paths, options)
    unfit = changed = 0
    for source in (*files.rules, *files.tests):
        if source.path not in files.selected:
            continue
        done = format_file(source)
        if done.text is None:
            unfit += 1
            click.echo(f"left as it is: {done.reason}", err=True)
        elif done.text.encode() != source.text:
            changed += 1
            click.echo(f"{'would change' if only_check else 'changed'} {source.path}")
            if not only_check:
                Path(source.path).write_text(done.text, "utf-8", newline="\n")
    if unfit or (changed and only_check):
        sys.exit(EXIT_NEGATIVE)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules explain hesitating-over-running-shoes\n  tactful rules explain --fields"
)
@click.argument("ids", nargs=-1, metavar="[RULE]...")
@click.option("--rules", "folder", type=_PATH, help="The rule files.")
@click.option("--fields", is_flag=True, help="List every field that a condition can ask about.")
@setting_options()
def explain(*, ids: tuple[str, ...], folder: Path | None, fields: bool, **options: Any) -> None:
    """Say in plain words what rules do; all of them, unless some are named."""
    if fields:
        click.echo(describe_fields(), nl=False)
        return
    found = compile_files(collect_files([folder] if folder else [], options).rules, options)
    known = {text.id: text for text in found.files.rules}
    for id_ in ids or sorted(known):
        if id_ not in known:
            hint = nearest(id_, known) or f"there are {', '.join(sorted(known)) or 'none'}"
            raise CommandError(f"there is no rule '{id_}': {hint}")
    click.echo(
        "\n".join(describe_rule(known[id_], found.files) for id_ in ids or sorted(known)), nl=False
    )


@rules.command(epilog="\b\nExample:\n  tactful rules diff rules-last-week rules")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@setting_options()
def diff(*, old: Path, new: Path, **options: Any) -> None:
    """Say in words what is different between two rulebooks. Exit code 0: nothing, 1: something."""
    before, after = (
        require_rulebook(compile_files(collect_files([path], options).rules, options))
        for path in (old, new)
    )
    changes = diff_rulebooks(before, after)
    for line in changes:
        click.echo(line)
    if changes:
        sys.exit(EXIT_NEGATIVE)
    click.echo("Both mean the same.")


@rules.command(epilog="\b\nExample:\n  tactful rules schema --write rules/schema/rules.schema.json")
@click.option("--write", "path", type=_PATH, help="Write it there instead of printing it.")
def schema(*, path: Path | None) -> None:
    """The JSON Schema of rule files, from which editors complete and check them."""
    if path is None:
        click.echo(schema_text(), nl=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), "utf-8", newline="\n")


@rules.command(epilog="\b\nExample:\n  tactful rules new hesitating-over-boots")
@click.argument("rule", metavar="ID")
@click.option("--dir", "folder", type=_PATH, default="rules", show_default=True)
def new(*, rule: str, folder: Path) -> None:
    """Begin a rule, with its first tests beside it."""
    if not ID.fullmatch(rule):
        raise CommandError(f"{rule!r} cannot be an id: {ID_HELP}")
    file, tests = folder / f"{rule}.yaml", folder / f"{rule}.test.yaml"
    for path in (file, tests):
        if path.exists():
            raise CommandError(f"{path} is there already; choose another id")
    folder.mkdir(parents=True, exist_ok=True)
    where = folder / "schema" / _SCHEMA
    where.parent.mkdir(exist_ok=True)
    if not where.exists():
        where.write_text(schema_text(), "utf-8", newline="\n")
    texts = new_rule(rule, f"schema/{_SCHEMA}")
    for path, text in zip((file, tests), texts, strict=True):
        path.write_text(text, "utf-8", newline="\n")
        click.echo(f"wrote {path}")
    click.echo(f"next: tactful rules check {folder} && tactful rules test {folder}")


def finding_page(code: str) -> str:
    """What a finding means, from its page in the manual."""
    name = code.upper()
    if name not in CODES:
        hint = nearest(name, CODES) or f"they go from {min(CODES)} to {max(CODES)}"
        raise CommandError(f"there is no finding {code}: {hint}")
    shipped = resources.files("tactful").joinpath("_codes", f"{name}.md")
    if shipped.is_file():
        return shipped.read_text("utf-8")
    return (Path(__file__).parents[4] / "rules" / "codes" / f"{name}.md").read_text("utf-8")
