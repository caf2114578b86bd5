"""Docstrings are statements, and a module's first line says what the module is."""

import ast

from support.source_tree import docstrings, modules, name_of, parsed

LONGEST_LINE = 90


def test_every_module_says_what_it_is_in_one_line() -> None:
    wrong: list[str] = []
    for module in modules():
        first, _, rest = (ast.get_docstring(parsed(module)) or "").partition("\n")
        if not first:
            wrong.append(f"{name_of(module)}: no docstring")
        elif len(first) > LONGEST_LINE:
            wrong.append(f"{name_of(module)}: {len(first)} characters")
        elif "?" in first:
            wrong.append(f"{name_of(module)}: a question")
        elif rest and not rest.startswith("\n"):
            wrong.append(f"{name_of(module)}: the first sentence runs over the line")
        elif not first.endswith("."):
            wrong.append(f"{name_of(module)}: no full stop")
    assert not wrong, f"{len(wrong)} modules: {wrong}"


def test_no_docstring_is_a_question() -> None:
    questions = [
        f"{name_of(module)}:{text.line}"
        for module in modules()
        for text in docstrings(module)
        if text.text.strip().partition("\n")[0].endswith("?")
    ]
    assert not questions, f"{len(questions)} docstrings: {questions}"
