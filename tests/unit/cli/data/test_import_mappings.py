"""A mapping of columns is saved by name in the settings, and found by this name or as a file."""

import tomllib
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli_runner import printed_json, run, write_file
from tactful.cli.data.import_mappings import read_mapping, save_mapping
from tactful.cli.shared.errors import CommandError
from tactful.config import Config

GOODS = {"sku": "Artikelnr", "price": 'Preis "brutto"'}
TABLE = "Artikelnr;Bezeichnung;Preis\nA-1;Lampe;12,50\n"


def test_a_saved_mapping_is_read_back_beside_what_the_file_had_before(tmp_path: Path) -> None:
    file = write_file(tmp_path / "tactful.toml", "port = 9000")
    save_mapping("goods", GOODS, file)
    save_mapping("wine", {"sku": "Nr"}, file)
    loaded = tomllib.loads(file.read_text("utf-8"))
    assert loaded == {"port": 9000, "mappings": {"goods": GOODS, "wine": {"sku": "Nr"}}}
    assert read_mapping("goods", Config(mappings=loaded["mappings"])) == GOODS


@given(column=st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_column_of_any_name_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, column: str
) -> None:
    file = save_mapping("goods", {"sku": column}, tmp_path_factory.mktemp("m") / "tactful.toml")
    assert tomllib.loads(file.read_text("utf-8"))["mappings"]["goods"]["sku"] == column


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("my goods", GOODS, "is no name"),
        ("goods", {}, "There are no columns"),
        ("wine", GOODS, "There is a mapping wine already"),
    ],
)
def test_a_mapping_that_cannot_be_saved_is_refused(
    tmp_path: Path, name: str, columns: dict[str, str], message: str
) -> None:
    file = save_mapping("wine", GOODS, tmp_path / "tactful.toml")
    with pytest.raises(CommandError, match=message):
        save_mapping(name, columns, file)


@pytest.mark.parametrize(
    ("name", "mappings", "message"),
    [
        ("god", {"goods": GOODS}, "Did you mean goods"),
        ("goods", {}, "there is no such file. Save one"),
        ("goods", {"goods": {"skuu": "A"}}, "Did you mean 'sku'"),
        ("goods", {"goods": {"sku": ""}}, "names no column"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named_with_what_to_do(
    name: str, mappings: dict[str, dict[str, str]], message: str
) -> None:
    with pytest.raises(click.BadParameter, match=message):
        read_mapping(name, Config(mappings=mappings))


@pytest.mark.parametrize(
    ("text", "message"), [("[columns", "cannot be read"), ("sku = 'A'", "has no table")]
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = write_file(tmp_path / "goods.toml", text)
    with pytest.raises(click.BadParameter, match=message):
        read_mapping(str(file), Config())


def test_a_guessed_mapping_is_saved_and_used_by_its_name(tmp_path: Path) -> None:
    file = write_file(tmp_path / "goods.csv", TABLE)
    settings = ("--config", write_file(tmp_path / "tactful.toml", "port = 9000\n"))
    saved = run("import", "--guess", file, "--save", "goods", *settings)
    assert (saved.exit_code, "Use it with --mapping goods." in saved.output) == (0, True)
    terms = ("--territory", "DE", "--tax-rate", "19%", "--currency", "EUR", "--dry-run", "--json")
    report = printed_json(run("import", file, "--mapping", "goods", *settings, *terms))
    assert report["files"][0]["facts"] == {"product": 1, "price": 1}
