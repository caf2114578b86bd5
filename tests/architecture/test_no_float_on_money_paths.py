"""No float touches money: no float literal, no true division, no float() where amounts are handled."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "server" / "tactful"

# Every module of these packages is searched, so that a new one cannot be forgotten.
PACKAGES = ("core", "rulebook", "protocol", "measurement", "runtime", "stores", "connectors", "api")

# What may be a float all the same, per module: the exact texts, or "*" where no amount is in sight.
# A text that is no longer there must leave the list.
EXCEPTIONS: dict[str, set[str]] = {
    # Estimates are floats; an amount enters as an integer, and leaves rounded to one.
    "measurement/advice.py": {"*"},
    "measurement/arm_comparison.py": {"*"},
    "measurement/conclusions.py": {"*"},
    "measurement/experiment_report.py": {"*"},
    "measurement/given_away.py": {"*"},
    "measurement/intervals.py": {"*"},
    "measurement/response_quantiles.py": {"*"},  # milliseconds
    "measurement/sample_ratio.py": {"*"},
    "measurement/samples.py": {"*"},
    "measurement/self_test.py": {"*"},
    "measurement/trial_size.py": {"*"},
    "measurement/unit_outcomes.py": {"*"},
    "measurement/unit_rows.py": {"*"},
    "measurement/variance_reduction.py": {"*"},
    "measurement/variant_report.py": {"share / total"},
    "measurement/winsorising.py": {"*"},
    "connectors/inbox/mapping_worker.py": {"0.05"},  # seconds to wait
    "rulebook/source/diagnostics.py": {"0.6"},  # how alike two words are
    "rulebook/testing/given.py": {"at / 1000"},  # seconds, as datetime wants them
    "runtime/answer_times.py": {"bound / 1000"},  # seconds
    "runtime/durations.py": {"0.0"},  # seconds
    "runtime/gauges.py": {"*"},  # numbers for the metrics
    "runtime/turn_log/log_writer.py": {"1.0", "0.01"},  # seconds between batches
    "runtime/watchdog.py": {"*"},  # seconds, as asyncio wants them
    "runtime/system_clock.py": {"*"},  # seconds, for the log and the metrics
    "runtime/disk_room.py": {"0.5"},  # seconds between attempts
    "runtime/services/rule_source_folder.py": {"*"},  # joins paths only
    "runtime/telemetry.py": {"*"},  # durations and rates for the metrics
    "runtime/timers.py": {"*"},  # seconds, as asyncio wants them
    "runtime/services/ingest.py": {"0.25"},  # seconds after a promise
    "runtime/services/near_names.py": {"0.7"},  # how alike two words are
    "runtime/services/session_restoration.py": {"0.01"},  # seconds between chunks
    "runtime/services/node_watch.py": {"*"},  # seconds between looks
    "runtime/services/rulebook_manager.py": {"0.5"},  # seconds between looks at the rule files
    "stores/postgres/database_opening.py": {"0.2"},  # seconds to wait
    "stores/postgres/raw_connection.py": {"0.1"},  # seconds to wait
    "stores/sqlite/ledger.py": {"BUSY_MS / 1000", "0.1"},  # seconds to wait
    "stores/sqlite/opening.py": {"BUSY_MS / 1000"},  # seconds, as sqlite3 wants them
    "stores/relational/writer/group_commit.py": {"0.5"},  # seconds to wait
    "stores/relational/writer/write_jobs.py": {"0.02", "0.05", "0.25"},  # seconds to wait
    "stores/relational/writer/under_way.py": {"0.02"},  # seconds to wait
    "stores/shared/draft_folder.py": {"*"},  # joins paths only
    "stores/shared/folder_lock.py": {"45.0", "0.02"},  # seconds to wait
}


def searched() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((SERVER / package).rglob("*.py"))]


def floats_in(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every expression that can produce a float."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno, ast.unparse(node)
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()) if not _joins_paths(node):
                yield node.lineno, ast.unparse(node)
            case ast.Call(func=ast.Name(id="float" | "complex")):
                yield node.lineno, ast.unparse(node)
            case ast.Attribute(attr="truediv" | "fsum" | "fmean"):
                yield node.lineno, ast.unparse(node)
            case _:
                pass


def names_of(path: Path) -> str:
    return path.relative_to(SERVER).as_posix()


def _joins_paths(node: ast.BinOp | ast.AugAssign) -> bool:
    """`folder / name`: a path's operand is called so, or is text."""
    if isinstance(node, ast.AugAssign):
        return False
    leftmost: ast.expr = node
    while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, ast.Div):
        if isinstance(leftmost.right, ast.JoinedStr):
            return True
        if isinstance(leftmost.right, ast.Constant) and isinstance(leftmost.right.value, str):
            return True
        leftmost = leftmost.left
    name = ast.unparse(leftmost).rpartition(".")[2]
    return name.lstrip("_") in {"folder", "path", "root", "directory"}


@pytest.mark.parametrize("path", searched(), ids=names_of)
def test_no_float_is_produced_where_amounts_are_handled(path: Path) -> None:
    allowed = EXCEPTIONS.get(names_of(path), set())
    found = [
        f"{names_of(path)}:{line}: {text}"
        for line, text in floats_in(path.read_text("utf-8"))
        if not allowed & {text, "*"}
    ]
    assert found == [], "use integers, or name the text in EXCEPTIONS with its reason"


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_every_exception_is_still_needed(name: str) -> None:
    texts = {text for _, text in floats_in((SERVER / name).read_text("utf-8"))}
    assert EXCEPTIONS[name] <= texts | {"*"}
    assert texts


@pytest.mark.parametrize(
    "source",
    [
        "price = 0.85",
        "unit = amount * 1e2",
        "unit = amount / 100",
        "amount /= 100",
        "unit = float(text)",
        "unit = math.fsum(amounts)",
        "unit = reduce(operator.truediv, amounts)",
        "def f(rate=0.19): ...",
        "unit = path_count / 2",
    ],
)
def test_the_check_finds_a_float(source: str) -> None:
    assert list(floats_in(source))


@pytest.mark.parametrize(
    "source",
    ["unit = amount // 100", "file = folder / name", 'file = here / "sql" / name', "n = 100"],
)
def test_the_check_lets_integers_and_paths_pass(source: str) -> None:
    assert not list(floats_in(source))
