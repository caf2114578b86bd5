"""One name for one thing: file names and class names are unique, with a few reasoned exceptions."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from support.source_tree import PACKAGE, ROOT, modules, name_of, parsed

LONGEST_MODULE = 400

SHARED_FILE_NAMES = {
    "explanations": "an HTTP resource and the service it calls",
    "facts": "an HTTP resource, and the ledger role of the same name in each store",
    "ledger": "the port and its implementations",
    "operator_actions": "the port and its implementation",
    "problems": "the body of a problem, and the Starlette response that carries it",
    "redemptions": "an HTTP resource and the service it calls",
    "rulebooks": "an HTTP resource, and the ledger role of the same name in each store",
    "turns": "the ledger role of the same name in each store",
}
SHARED_CLASS_NAMES = {
    "CartLine": "a wire message, which may not import the core, and the core's value",
    "Money": "a wire message, which may not import the core, and the core's value",
    "Offer": "a wire message, which may not import the core, and the core's value",
}


def _file_names() -> Iterator[tuple[str, str]]:
    for module in modules():
        if module.stem not in {"__init__", "__main__"}:
            yield module.stem, name_of(module)


def _public_class_names() -> Iterator[tuple[str, str]]:
    for module in modules():
        for node in parsed(module).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, name_of(module)


def _shared(found: Iterator[tuple[str, str]]) -> Mapping[str, list[str]]:
    places = defaultdict(list)
    for name, place in found:
        places[name].append(place)
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def test_a_file_name_means_one_thing() -> None:
    shared = _shared(_file_names())
    new = {name: places for name, places in shared.items() if name not in SHARED_FILE_NAMES}
    assert not new, f"rename one of each pair, or give a reason here: {new}"


def test_a_public_class_name_means_one_thing() -> None:
    shared = _shared(_public_class_names())
    new = {name: places for name, places in shared.items() if name not in SHARED_CLASS_NAMES}
    assert not new, f"rename one of each pair, or give a reason here: {new}"


def test_an_exception_that_is_no_longer_needed_leaves_the_list() -> None:
    assert set(SHARED_FILE_NAMES) <= set(_shared(_file_names()))
    assert set(SHARED_CLASS_NAMES) <= set(_shared(_public_class_names()))


def _exception_names() -> Iterator[str]:
    for module in modules():
        for node in parsed(module).body:
            if isinstance(node, ast.ClassDef):
                bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                if any(base.endswith(("Error", "Exception")) for base in bases):
                    yield node.name


def test_every_exception_is_in_the_overview_of_the_server() -> None:
    overview = (ROOT / "server" / "README.md").read_text("utf-8")
    missing = [name for name in _exception_names() if f"`{name}`" not in overview]
    assert not missing, f"add to the table of exceptions: {missing}"


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    long = {name: length for name, length in lengths.items() if length > LONGEST_MODULE}
    assert not long, f"split these modules: {long}"


def test_the_package_is_found() -> None:
    assert (PACKAGE / "core" / "decide.py").is_file()
