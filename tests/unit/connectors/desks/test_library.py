"""The mapping files that come with Tactful."""

from pathlib import Path

import pytest

from support.cli_runner import write_file
from support.desk_mappings import PLAIN
from tactful.connectors.desks.examples import play_examples
from tactful.connectors.desks.library import (
    UnknownMappingError,
    load_mapping,
    mapping_text,
    ready_made,
)

VERIFIED = {"django-helpdesk", "request-tracker", "roundup", "zendesk"}


@pytest.mark.parametrize("name", ready_made())
def test_the_examples_of_a_ready_made_file_pass(name: str) -> None:
    results = list(play_examples(load_mapping(name)))
    assert len(results) >= 2
    assert not [result for result in results if result.failures]


@pytest.mark.parametrize("name", ready_made())
def test_a_ready_made_file_says_whether_it_was_tried(name: str) -> None:
    mapping = load_mapping(name).file
    assert mapping.name == name
    assert (mapping.source == "verified") == (name in VERIFIED)
    if name not in VERIFIED:
        assert "not tried on" in mapping_text(name)
        assert "https://" in mapping_text(name)


def test_cases_of_two_desks_have_different_ids() -> None:
    forms = [load_mapping(name).file.case for name in ready_made()]
    assert len(forms) == len(set(forms))


def test_any_other_name_is_a_file(tmp_path: Path) -> None:
    assert load_mapping(str(write_file(tmp_path / "desk.yaml", PLAIN))).file.name == "plain"
    with pytest.raises(UnknownMappingError, match="Name a YAML file, or one of chatwoot, "):
        load_mapping(str(tmp_path / "none.yaml"))
