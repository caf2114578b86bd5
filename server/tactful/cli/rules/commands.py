"""The group `tactful rules`, with its commands on rule files."""

import sys
from importlib import resources
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.rules.backtest import backtest
from tactful.cli.rules.operating import (
    pause,
    reload_,
    resume,
    rollback,
    shadow,
    start,
    status,
    stop,
)
from tactful.cli.rules.rule_folder import (
    collect_files,
    compile_files,
    read_facts,
    require_rulebook,
)
from tactful.cli.rules.rule_texts import (
    break_even_lines,
    common_lines,
    rule_break_even,
    window_lines,
)
from tactful.cli.rules.testing import coverage, test
from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import print_text
from tactful.core.values.money import EXPONENTS
from tactful.rulebook.authoring.describe import describe_fields, describe_rule
from tactful.rulebook.authoring.diff import diff_rulebooks
from tactful.rulebook.authoring.formatter import format_file
from tactful.rulebook.authoring.json_schema import schema_text
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.authoring.territory_currencies import currency_of_territory
from tactful.rulebook.language.scalars import ID, ID_HELP
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.source.diagnostics import nearest
from tactful.rulebook.source.reports import FORMATS, lines_of

_PATH: Final = click.Path(path_type=Path)
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_SCHEMA: Final = "rules.schema.json"


@click.group()
def rules() -> None:
    """Check, format, test, explain and compare rule files, and operate the rules of a server.

    Without PATHS the commands use the folder of the setting `rules`, else the folder `rules` here.
    The commands `status`, `stop`, `start`, `pause`, `resume`, `reload`, `rollback` and `shadow` address
    a running server.
    """


for command in (
    test,
    coverage,
    backtest,
    status,
    stop,
    start,
    pause,
    resume,
    reload_,
    rollback,
    shadow,
):
    rules.add_command(command)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules check\n  tactful rules check rules --format sarif > rules.sarif\n  tactful rules check --explain R203"
)
@click.argument("paths", nargs=-1, type=_PATH)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="Format of the findings.",
)
@click.option(
    "--facts",
    metavar="FILE",
    type=_FILE,
    help="File of facts, one JSON object a line, by which prices and names are checked, and the break-even is computed.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="Check as of this instant, such as 2026-03-10T12:00:00Z. Default: now.",
)
@click.option("--errors-only", is_flag=True, help="Leave out warnings.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Name the files that are not read, with the reason, and print windows in UTC.",
)
@click.option(
    "--explain", "code", metavar="CODE", help="Explain the finding with this code, and exit."
)
@setting_options()
def check(
    *,
    paths: tuple[Path, ...],
    form: str,
    facts: Path | None,
    at: str | None,
    errors_only: bool,
    verbose: bool,
    code: str | None,
    **options: Any,
) -> None:
    """List every error and warning in rule files.

    Exit code 0: no findings. 1: findings. 2: the check could not run.
    """
    if code is not None:
        print_text(finding_page(code), nl=False)
        return
    files = collect_files(paths, options)
    for line in files.passed_over if verbose else ():
        print_text(f"passed over {line}", err=True)
    compiled = compile_files(files.rules, options, at, facts)
    for line in window_lines(compiled) if verbose else ():
        print_text(line, err=True)
    found = [
        one
        for one in compiled.diagnostics
        if one.path in files.selected and (one.severity == "error" or not errors_only)
    ]
    print_text(FORMATS[form](found, lines_of(files.texts)), nl=False)
    if form == "text" and facts:
        for line in break_even_lines(compiled, read_facts(facts).items()):
            print_text(line)
    if found:
        sys.exit(EXIT_NEGATIVE)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules fmt\n  tactful rules fmt --check rules/spring.yaml"
)
@click.argument("paths", nargs=-1, type=_PATH)
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Change nothing, and exit with code 1 where a file is not formatted.",
)
@setting_options()
def fmt(*, paths: tuple[Path, ...], only_check: bool, **options: Any) -> None:
    """Format rule files and their tests in the standard layout. Comments are kept."""
    files = collect_files(paths, options)
    unfit = changed = 0
    for source in (*files.rules, *files.tests):
        if source.path not in files.selected:
            continue
        done = format_file(source)
        if done.text is None:
            unfit += 1
            print_text(f"not formatted: {done.reason}", err=True)
        elif done.text.encode() != source.text:
            changed += 1
            print_text(f"{'would format' if only_check else 'formatted'} {source.path}")
            if not only_check:
                Path(source.path).write_text(done.text, "utf-8", newline="\n")
    if unfit or (changed and only_check):
        sys.exit(EXIT_NEGATIVE)


@rules.command(
    epilog="\b\nExamples:\n  tactful rules explain hesitating-over-running-shoes\n  tactful rules explain --fields"
)
@click.argument("ids", nargs=-1, metavar="[RULE]...")
@click.option("--rules", "folder", metavar="PATH", type=_PATH, help="Rule file, or folder of them.")
@click.option("--fields", is_flag=True, help="List every field that a condition can read.")
@click.option(
    "--facts",
    metavar="FILE",
    type=_FILE,
    help="File of facts, one JSON object a line, by which the break-even is computed.",
)
@setting_options()
def explain(
    *,
    ids: tuple[str, ...],
    folder: Path | None,
    fields: bool,
    facts: Path | None,
    **options: Any,
) -> None:
    """Explain in plain words what the named rules do. Without names, all rules are explained.

    The policy, the exclusions and the suppress blocks that apply to every rule follow.
    """
    if fields:
        print_text(describe_fields(), nl=False)
        return
    files = collect_files([folder] if folder else [], options).rules
    found = compile_files(files, options, facts=facts)
    known = {text.id: text for text in found.files.rules}
    for id_ in ids or sorted(known):
        if id_ not in known:
            hint = nearest(id_, known) or f"the rules are {', '.join(sorted(known)) or 'none'}"
            raise CommandError(f"There is no rule '{id_}': {hint}")
    catalogue = read_facts(facts).items() if facts else {}
    for number, id_ in enumerate(ids or sorted(known)):
        text = describe_rule(known[id_], found.files, found.policy)
        print_text("\n" * bool(number) + text, nl=False)
        for line in rule_break_even(found, id_, catalogue):
            print_text(f"  {line}")
    if lines := common_lines(found):
        print_text("\nFor every rule:")
        for line in lines:
            print_text(f"  {line}")


@rules.command(epilog="\b\nExample:\n  tactful rules diff rules-last-week rules")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@setting_options()
def diff(*, old: Path, new: Path, **options: Any) -> None:
    """List the differences between two rulebooks in plain words.

    Exit code 0: no differences. 1: differences. 2: a rulebook could not be read.
    """
    before, after = (
        require_rulebook(compile_files(collect_files([path], options).rules, options))
        for path in (old, new)
    )
    changes = diff_rulebooks(before, after)
    for line in changes:
        print_text(line)
    if changes:
        sys.exit(EXIT_NEGATIVE)
    print_text("Both rulebooks have the same meaning.")


@rules.command(epilog="\b\nExample:\n  tactful rules schema --write rules/schema/rules.schema.json")
@click.option(
    "--write", "path", metavar="FILE", type=_PATH, help="Write to FILE instead of printing."
)
def schema(*, path: Path | None) -> None:
    """Print the JSON Schema of rule files. Editors use it to complete and check them."""
    if path is None:
        print_text(schema_text(), nl=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), "utf-8", newline="\n")


@rules.command(epilog="\b\nExample:\n  tactful rules new hesitating-over-boots")
@click.argument("rule", metavar="ID")
@click.option(
    "--dir",
    "folder",
    metavar="FOLDER",
    type=_PATH,
    default="rules",
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="Currency of the prices in the tests.  [default: that of the setting default_territory, else EUR]",
)
@setting_options()
def new(*, rule: str, folder: Path, currency: str | None, **options: Any) -> None:
    """Create a rule file and its first tests from a template.

    The message is in the language that tactful.toml names below [policy] (`language = "de"`), where
    the card knows it. The tests are in the shop's territory and currency.
    """
    if not ID.fullmatch(rule):
        raise CommandError(f"{rule!r} cannot be the id of a rule: {ID_HELP}")
    file, tests = folder / f"{rule}.yaml", folder / f"{rule}.test.yaml"
    for path in (file, tests):
        if path.exists():
            raise CommandError(f"{path}: This file exists already. Choose another id.")
    config = load_config(options)
    territory = config.default_territory
    code = (currency or currency_of_territory(territory) or "EUR").upper()
    if code not in EXPONENTS:
        raise click.BadParameter(
            f"{code[:40]!r} is not an ISO 4217 currency; use a code such as EUR.",
            param_hint="--currency",
        )
    folder.mkdir(parents=True, exist_ok=True)
    where = folder / "schema" / _SCHEMA
    where.parent.mkdir(exist_ok=True)
    if not where.exists():
        where.write_text(schema_text(), "utf-8", newline="\n")
    proposes = not config.policy.holdout_bp and not _holds_out(folder)
    texts = new_rule(rule, f"schema/{_SCHEMA}", config.policy, code, territory)
    for path, text in zip((file, tests), texts, strict=True):
        path.write_text(text, "utf-8", newline="\n")
        print_text(f"wrote {path}")
    if proposes:
        print_text(
            "proposal: write `policy: {holdout: 10%}` in one rule file. Without held-out shoppers,"
            " nobody can know what offers earn."
        )
    print_text(f"next: tactful rules check {folder} && tactful rules test {folder}")


def _holds_out(folder: Path) -> bool:
    """Return whether a rule file of a folder holds shoppers out, as far as its lines say."""
    return any(
        line.partition("#")[0].find("holdout:") >= 0
        for file in folder.glob("**/*.yaml")
        for line in file.read_text("utf-8", "replace").splitlines()
    )


def finding_page(code: str) -> str:
    """Return the manual's page on a finding.

    Raises:
        CommandError: There is no finding with this code.
    """
    name = code.upper()
    if name not in CODES:
        hint = nearest(name, CODES) or f"the codes go from {min(CODES)} to {max(CODES)}"
        raise CommandError(f"There is no finding {code}: {hint}")
    shipped = resources.files("tactful").joinpath("_codes", f"{name}.md")
    if shipped.is_file():
        return shipped.read_text("utf-8")
    return (Path(__file__).parents[4] / "rules" / "codes" / f"{name}.md").read_text("utf-8")
