"""The stored form of rule files."""

from tactful.rulebook.source.stored_sources import decode_sources, encode_sources
from tactful.rulebook.source.tree import RuleSource


def test_files_are_read_as_they_were_stored() -> None:
    files = [RuleSource("a.yaml", b"rules:\n"), RuleSource("b/c.yaml", "# Größe ✓".encode())]
    assert decode_sources(encode_sources(files)) == files


def test_the_form_is_that_of_ledgers_of_the_first_release() -> None:
    assert encode_sources([RuleSource("a.yaml", b"rules:")]) == b'[["a.yaml","cnVsZXM6"]]'


def test_a_version_that_is_not_stored_has_no_files() -> None:
    assert decode_sources(None) == []
