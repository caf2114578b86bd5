"""`tests/unit/` mirrors `server/tactful/`: each module has a test file of its own."""

import ast
import tomllib
from pathlib import Path

from support.source_tree import PACKAGE, TESTS, modules, name_of, parsed

EXCEPTIONS_FILE = Path(__file__).parent / "mirror_exceptions.toml"
UNIT = TESTS / "unit"


def _exceptions() -> dict[str, str]:
    return {
        str(name): str(reason)
        for name, reason in tomllib.loads(EXCEPTIONS_FILE.read_text("utf-8")).items()
    }


def _test_file(module: Path) -> Path:
    """`a/b/c.py` → `a/b/test_c.py`; what an `__init__` defines is tested under its package's name."""
    inside = module.relative_to(PACKAGE)
    stem = inside.parent.name if inside.stem == "__init__" else inside.stem
    return UNIT / inside.parent / f"test_{stem}.py"


def _has_tests(path: Path) -> bool:
    """Whether a file defines at least one test function, alone or in a class."""
    return path.is_file() and any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )


def _has_behaviour(module: Path) -> bool:
    """Whether any function of a module has a body: protocols, types and constants have none."""
    return any(
        not all(_is_empty(statement) for statement in node.body)
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _is_empty(statement: ast.stmt) -> bool:
    """A docstring, `...` or `pass`."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(statement, ast.Pass)


def test_every_module_has_a_test_file_of_its_own() -> None:
    exceptions = _exceptions()
    missing = [
        name_of(module)
        for module in modules()
        if _has_behaviour(module)
        if name_of(module) not in exceptions and not _has_tests(_test_file(module))
    ]
    assert not missing, f"{len(missing)} modules have no test file: {missing}"


def test_every_exception_is_needed_and_has_a_reason() -> None:
    for name, reason in _exceptions().items():
        module = PACKAGE / name
        assert module.is_file(), f"{name} is not there"
        assert not _has_tests(_test_file(module)), f"{name} has a test file: remove the exception"
        assert _has_behaviour(module), f"{name} has nothing to test: remove the exception"
        assert len(reason.split()) >= 4, f"{name} needs a reason"


def test_every_folder_of_unit_tests_is_a_package_or_holds_scenarios() -> None:
    """Scenarios test a whole package at once; everything else stands where its module stands."""
    strange = [
        folder.relative_to(UNIT).as_posix()
        for folder in UNIT.rglob("*")
        if folder.is_dir() and any(folder.glob("test_*.py")) and folder.name != "scenarios"
        if not (PACKAGE / folder.relative_to(UNIT)).is_dir()
    ]
    assert not strange, f"these folders mirror no package: {strange}"
